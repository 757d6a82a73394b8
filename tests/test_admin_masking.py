"""No number of a person anywhere on the admin's site, whatever is asked and however."""

import asyncio
import re
import sqlite3
from contextlib import closing

import pytest
from build_admin import assert_no_number, crawl, fill, serving, sql
from build_store import ID_NUMBER, configuration, empty_store, shipped_survey

from intake.admin import site_for
from store.admin.masked import hide_file
from store.admin.policy import hidden_columns, tables


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder with a full database."""
    folder = tmp_path_factory.mktemp("admin")
    with closing(empty_store(folder)) as database:
        fill(database)
    return folder


@pytest.fixture(scope="module")
def client(folder):
    """A client of the site on that folder."""
    with serving(folder) as client:
        yield client


def test_no_page_that_can_be_reached_shows_a_number_of_a_person(client):
    """Every link, from the first page on: tables, rows, facets, orders, queries, JSON, CSV."""
    pages = crawl(client, "/", 150)
    assert len(pages) == 150
    assert [(address, page.text) for address, page in pages.items() if page.status_code != 200] == []
    assert any(".csv" in address for address in pages) and any(".json" in address for address in pages)
    for page in pages.values():
        assert_no_number(page)


@pytest.mark.parametrize("table", tables())
def test_no_form_of_a_table_shows_a_number_of_a_person(client, table):
    """HTML, JSON in its shapes, CSV, streamed CSV, with labels, rows and blobs."""
    for address in ("", ".json?_shape=objects&_labels=on", ".json?_shape=array&_nl=on", ".csv?_stream=on&_labels=on"):
        assert_no_number(client.get(f"/intake/{table}{address}"))
    rows = client.get(f"/intake/{table}.json?_shape=objects").json()["rows"]
    assert rows, f"the fixture has no row in {table}"
    assert_no_number(client.get(f"/intake/{table}/1.json?_extras=foreign_key_tables"))
    assert client.get(f"/intake/{table}/1.blob?_blob_column=mime").status_code == 404


@pytest.mark.parametrize(
    "statement",
    [
        "select id_number from submissions",
        "select owner_id_number, owner_phone, admin_phone from accounts",
        "select * from submissions as s join accounts as a on a.submission_id = s.id",
        "select text, filename from attachments",
        "select value, raw from fields",
        "select number, holder from papers",
        "select number from materials",
        "select body, subject, to_address from replies",
        "select text from messages",
        "select detail from events",
        "select old_value, new_value from account_history",
        "select substr(id_number, 1, 1) || substr(id_number, 2) from submissions",
        "select group_concat(id_number, '') from submissions",
        "select json_group_array(text) from attachments",
        "with x as (select * from submissions) select id_number from x",
        "select (select text from attachments)",
        "select id_number from temp.submissions",
        "select * from main.submissions",
        "select max(text) from messages",
        "select s.id_number from submissions s where s.id_number like '%'",
        "select quote(id_number) from submissions",
        "with submissions as (select id_number from main.submissions) select * from submissions",
        "select hide_text(text) from attachments",
        "select word('STATUSES', id_number) from submissions",
        "select replace(id_number, '*', '') from submissions",
        "select count(*), id_number from submissions group by 2",
        "select id_number from (values (1)) left join submissions",
    ],
)
def test_no_statement_of_the_readers_own_shows_a_number(client, statement):
    """As JSON, CSV and page."""
    for address in ("/intake.csv", "/intake"):
        response = client.get(address, params={"sql": statement})
        assert response.status_code == 200, response.text
        assert_no_number(response)


@pytest.mark.parametrize(
    "statement",
    [
        "select sql from sqlite_temp_master",
        "select * from temp.sqlite_master",
        "select * from sqlite_temp_schema",
        "select * from pragma_database_list",
        "select file from pragma_database_list()",
        "pragma database_list",
        "attach 'x.db' as x",
        "select load_extension('x')",
        "select * from _sqlite_migrations",
        "select * from dbstat",
        "select data from sqlite_dbpage",
        "select sql from sqlite_stmt",
        "select mime from replies",
        "select registrant_key, answered_key from submissions",
        "select content_key from replies",
        "select html from digests",
        "pragma writable_schema=1",
        "insert into submissions (id) values (9)",
        "delete from main.submissions",
        "with submissions as (select * from _sqlite_migrations) select * from submissions",
        "update messages set text = ''",
        "create temp table x (a)",
        "drop view submissions",
        "vacuum into 'x.db'",
        "select * from pragma_table_list",
        "select * from pragma_function_list",
        "select 1; select id_number from submissions",
        "explain query plan select * from submissions",
        "-- x\n explain select * from submissions",
    ],
)
def test_the_way_round_the_views_is_closed(client, statement):
    """Nothing that would name the live file, change anything, or show what is in no view."""
    response = sql(client, statement)
    assert response.status_code == 400 or response.json()["ok"] is False
    assert_no_number(response)


def test_the_live_tables_cannot_be_read_even_by_their_secret_name(folder):
    """Whoever learned it (here: from the object itself) is refused, quoted, in capitals, or behind a borrowed name."""
    site = site_for(configuration(folder), shipped_survey())
    database = site.databases["intake"]
    live = database._live

    async def rows(statement):
        return [tuple(row) for row in (await database.execute(statement)).rows]

    for name in (live, live.upper(), f'"{live}"', f"[{live}]"):
        for statement in (
            f"select id_number from {name}.submissions",
            f"with submissions as (select id_number from {name}.submissions) select * from submissions",
            f"select * from {name}.sqlite_master",
        ):
            with pytest.raises(sqlite3.Error):
                asyncio.run(rows(statement))
    assert asyncio.run(rows("select count(*) from submissions")) == [(1,)]
    site.executor.shutdown()
    database.close()


def test_an_error_does_not_tell_the_secret_name(client):
    """SQLite's own sentence would."""
    for statement in ("select * from _sqlite_migrations", "explain query plan select * from submissions"):
        assert not re.search("live_[0-9a-f]{8}", sql(client, statement).text)


def test_every_column_of_the_database_has_a_place_in_the_policy(tmp_path):
    """A new column is not shown until somebody decides how; this test asks for that decision."""
    with closing(empty_store(tmp_path)) as database:
        written = {
            (table, column)
            for table in database.table_names()
            if not table.startswith(("_", "sqlite_", "search"))
            for column in database[table].columns_dict
        }
    known = {(table.name, column.name) for table in tables().values() for column in table.columns} | hidden_columns()
    assert written == known


@pytest.mark.parametrize(
    "address",
    [
        "/intake/submissions?id_number=1",
        "/intake/submissions?id_number__contains=4304",
        "/intake/accounts?_facet=admin_phone",
        "/intake/accounts?_sort=owner_id_number",
        "/intake/accounts?_sort_desc=owner_phone",
        "/intake/fields.json?raw__startswith=4",
        "/intake/fields.csv?_facet=value",
        "/intake/submissions?_filter_column=id_number&_filter_op=exact&_filter_value=4",
        "/intake/papers?number=4",
        "/intake/messages?_facet=from_address",
        "/intake/attachments?text__contains=4304",
        '/intake/submissions?_through={"table":"accounts","column":"owner_id_number","value":"4"}',
    ],
)
def test_a_number_of_a_person_cannot_be_put_into_an_address(client, address):
    """No filter, facet or order by a column that holds one."""
    response = client.get(address)
    assert response.status_code == 400
    assert "个人信息" in response.text


def test_a_reader_who_mistypes_gets_a_sentence_and_the_log_no_number(client, caplog, capfd):
    """Datasette's own handler would print every local variable."""
    response = client.get("/intake", params={"sql": f"selec {ID_NUMBER}"})
    assert response.status_code == 400 and "只能使用 SELECT" in response.text
    client.get("/intake", params={"sql": f"select x from nowhere where y = '{ID_NUMBER}'"})
    assert ID_NUMBER not in caplog.text + "".join(capfd.readouterr())


def test_a_date_of_birth_does_not_fill_the_gap_in_a_number():
    """An ID card's own words are not shown; beside a form on the same page the date is hidden, other dates stay."""
    text = f"姓名 谭晓明 出 生 1988 年 7 月 15日\n公民身份号码 {ID_NUMBER}"
    assert hide_file("id_card", text) == "（身份证上的文字不显示）"
    shown = hide_file("individual_form", text + "\n注册日期 2018年5月1日")
    assert "1988" not in shown and "15日" not in shown
    assert "430424********0419" in shown and "注册日期 2018年5月1日" in shown
    assert hide_file("id_card", None) is None and hide_file("other", None) is None
