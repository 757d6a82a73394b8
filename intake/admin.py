"""`intake admin`: the database in the browser, on this machine only."""

import threading
import webbrowser
from contextlib import closing
from datetime import timedelta
from ipaddress import ip_address

import uvicorn

from intake.commands import clock_of
from intake.config import Config
from intake.desk.pages import Pages
from intake.office import home, lists, towns, words
from rules.errors import ConfigError
from rules.survey import Survey, load_survey
from store.admin.access import ROLE_WORDS
from store.admin.site import application, build
from store.database import connect
from store.sessions import Lifetime


def serve(config: Config, open_browser: bool = False) -> None:
    """Serve Datasette on `admin.host` and `admin.port` until interrupted.

    Raises ConfigError for a host that is not this machine. The daemon may write at the same time. Requests are not
    logged: their addresses may hold what somebody searched for.
    """
    host, port = config.admin.host, config.admin.port
    check_loopback(config)
    site = site_for(config, load_survey(config.survey))
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    print(f"管理页面：{address} （按 Ctrl+C 结束）", flush=True)
    if open_browser:
        threading.Timer(1, webbrowser.open, [address]).start()
    names = (host, "127.0.0.1", "localhost", "::1", *config.admin.names)
    try:
        uvicorn.run(application(site, names), host=host, port=port, log_level="warning", access_log=False, lifespan="on",
                    timeout_keep_alive=30)
    finally:
        # the reader first: whoever still waits for a page of an original gets none
        site.intake_desk.close()
        site.intake_threads.close()


def site_for(config: Config, survey: Survey):
    """The Datasette on this configuration's database, which is created or migrated first where need be."""
    now = clock_of(config)
    with closing(connect(config.database)) as database:
        towns.refresh(database, survey, now())
    lifetime = Lifetime(timedelta(minutes=config.admin.idle_minutes), timedelta(hours=config.admin.session_hours))
    return build(config.database, survey.title, words_for(survey) | lists.sources(config, survey, now), now, lifetime,
                 Pages(config, survey, now), lambda database, at: home.gather(config, survey, database, at))


def words_for(survey: Survey) -> dict:
    """The office's words under the names that store/admin/tables.yaml uses."""
    return {
        "CATEGORIES": words.categories(survey), "STATUSES": words.STATUSES, "MAIL_KINDS": words.MAIL_KINDS,
        "MESSAGE_STATES": words.MESSAGE_STATES, "SILENCES": words.SILENCES, "ROLES": words.roles(survey),
        "PROBLEMS": words.PROBLEMS, "REPLY_KINDS": words.REPLY_KINDS, "REPLY_STATES": words.REPLY_STATES,
        "YES_NO": words.YES_NO, "USER_ROLES": ROLE_WORDS, "ON_TIME": {1: "按时", 0: "逾期"}, "SIDES": words.SIDES,
        "WHY": words.WHY, "ACTIONS": words.ACTIONS, "DECISIONS": words.DECISIONS,
        "FIELDS": {rule.name: rule.label for rule in survey.fields} | {"platform": "平台"},
        "PLATFORMS": {choice.name: choice.name for choice in survey.platforms},
        "TOWNS": {town.name: town.name for town in survey.towns},
        "MISSING": lambda code: words.missing_word(survey, code),
    }


def check_loopback(config: Config) -> None:
    """Passwords must not travel in the clear, so the site listens on this machine only; TLS is a proxy's work."""
    host = config.admin.host
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ConfigError("管理页面只能监听本机地址（127.0.0.1），以免密码明文传输；需要远程使用时，请用 SSH 隧道或本机的 HTTPS 反向代理。",
                          path=str(config.path), key="admin.host")
