"""The admin pages in a real browser: a clerk's day, markup from strangers, accessibility, narrow screens, the keyboard."""

import re
import shutil
from contextlib import closing

import pytest
from axe_playwright_python.sync_playwright import Axe
from build_admin import PASSWORDS, serving
from build_office_day import office_configuration
from build_store import at, empty_store
from playwright.sync_api import Page, expect, sync_playwright

from store import users
from store.admin.policy import queries, tables
from store.database import one, rows

#: of the certificate that bears another name, and of the mail full of markup
DOUBTFUL, HOSTILE = "HD2019-0003", "HD2019-0004"
_WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
#: every sort of page
ADDRESSES = [
    "/", "/intake", "/-/password", "/-/search", "/-/queue", f"/-/queue/{DOUBTFUL}", f"/-/queue/{HOSTILE}", "/-/queue/mail/5",
    f"/-/submission/{DOUBTFUL}",
    f"/-/submission/{HOSTILE}", "/-/message/3", "/-/message/4", "/-/outbox", "/-/outbox/4", "/-/file/1", "/-/file/5",
    "/-/file/8", "/-/file/9", "/intake?sql=select+number,+registrant+from+submissions",
    "/intake/submissions/4", "/intake/messages/4", "/intake/accounts/4",
]
LISTS = [f"/intake/{name}" for name in (*tables(), *queries())]


@pytest.fixture(scope="module")
def site(day):
    """The running site's address."""
    with serving(day, role=None, config=office_configuration(day)) as client:
        yield str(client.base_url)


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium."""
    program = shutil.which("chromium")
    if not program:
        pytest.skip("Chromium is not installed (tests/packages.sh)")
    with sync_playwright() as playwright:
        # tests may run as root, where Chromium's own sandbox does not start
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, site):
    """A page of a browser of its own; whatever its console complains of fails the test."""
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("dialog", lambda dialog: (complaints.append(f"{page.url}: dialog"), dialog.dismiss()))
    page.set_default_timeout(20_000)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def managers_state(browser, site):
    """The cookies of somebody who administers, for tests that are not about logging in."""
    context = browser.new_context(base_url=site)
    log_in(context.new_page(), "manage")
    yield context.storage_state()
    context.close()


@pytest.fixture
def manager(page, managers_state):
    """The page of somebody who administers."""
    page.context.add_cookies(managers_state["cookies"])
    return page


def log_in(page: Page, role: str) -> None:
    """Through the form."""
    name, password = PASSWORDS[role]
    page.goto("/-/login")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text(f"{name}（")).to_be_visible()


def visit(page: Page, address: str) -> None:
    """Open a page with all its pictures."""
    answer = page.goto(address)
    assert answer.ok, f"{address}: {answer.status}"
    page.evaluate("""Promise.all([...document.images].map(image => {
        image.loading = 'eager';
        return image.complete || new Promise(done => { image.onload = image.onerror = done; });
    }))""")


def arrive(page: Page, address: str) -> None:
    """Wait until the page is there with its script."""
    expect(page).to_have_url(re.compile(f"{address}$"))
    page.wait_for_load_state()


def check(page: Page, address: str) -> None:
    """Strangers' markup is text there, and neither at 1280 pixels nor on a phone one scrolls sideways."""
    assert page.title() != "XSS", address
    assert page.evaluate("document.querySelectorAll('main script, main svg[onload], main img[src=x]').length") == 0, address
    assert page.evaluate("[...document.links].filter(link => link.protocol === 'javascript:').length") == 0, address
    assert "4949" not in page.inner_text("main"), address
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)


def violations(page: Page) -> list[tuple]:
    """What axe finds against WCAG 2.1 AA."""
    return [(problem["id"], [node["html"][:120] for node in problem["nodes"]][:3])
            for problem in Axe().run(page, options=_WCAG).response["violations"]]


# -- every page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_meets_wcag_aa_and_fits_the_screen(manager, address):
    """And runs nothing that strangers wrote; the site's policy would stop it, and the console's complaint fails too."""
    visit(manager, address)
    assert violations(manager) == []
    check(manager, address)


def test_every_list_fits_the_screen(manager):
    """Tables and queries; they look alike, so that axe looks at a few."""
    for place, address in enumerate(LISTS):
        visit(manager, address)
        assert place % 6 or violations(manager) == [], address
        check(manager, address)


def test_the_log_in_page_meets_wcag_aa_and_fits_the_screen(page):
    """It is where everybody comes in."""
    page.goto("/intake/submissions")
    expect(page).to_have_title(re.compile("登录"))
    assert violations(page) == []
    check(page, "/-/login")


def test_markup_from_strangers_can_be_read(manager):
    """In subject, sender, file names, fields and body: as it was written."""
    shown = set()
    for address in (f"/-/submission/{HOSTILE}", "/-/message/4", "/-/file/8", "/intake/accounts/4"):
        visit(manager, address)
        text = manager.inner_text("main")
        shown |= {piece for piece in ("<script>", "onerror=", "<svg/onload", "{{ 7 * 7 }}", "javascript:") if piece in text}
    visit(manager, "/-/search")
    manager.get_by_role("searchbox").fill("document.title")
    manager.get_by_role("button", name="搜索").click()
    expect(manager.locator("main")).to_contain_text("onerror=")
    check(manager, "/-/search")
    assert shown == {"<script>", "onerror=", "<svg/onload", "{{ 7 * 7 }}", "javascript:"}


# -- the keyboard ----------------------------------------------------------------------------------------------------


def test_the_queue_is_worked_through_with_the_keyboard(manager):
    """Every key that the page lists; in an input they are letters."""
    manager.goto("/-/queue")
    for key, number in (("j", DOUBTFUL), ("j", HOSTILE), ("ArrowUp", DOUBTFUL), ("ArrowDown", HOSTILE), ("k", DOUBTFUL)):
        manager.keyboard.press(key)
        expect(manager.locator("[data-case]:focus")).to_contain_text(number)
    manager.keyboard.press("Enter")
    arrive(manager, f"/-/queue/{DOUBTFUL}")
    manager.keyboard.press("s")
    arrive(manager, f"/-/queue/{HOSTILE}")
    manager.keyboard.press("k")
    arrive(manager, f"/-/queue/{DOUBTFUL}")
    manager.keyboard.press("c")
    expect(manager.locator(".right details[open] input:focus")).to_be_visible()
    manager.keyboard.type("jsoua")
    expect(manager.locator("input:focus")).to_have_value("jsoua")
    manager.keyboard.press("Escape")
    manager.keyboard.press("o")
    arrive(manager, f"/-/submission/{DOUBTFUL}")
    manager.go_back()
    arrive(manager, f"/-/queue/{DOUBTFUL}")
    manager.keyboard.press("u")
    arrive(manager, "/-/queue")


def test_the_queue_needs_no_script(browser, site, managers_state):
    """Every key stands for a link or a button."""
    context = browser.new_context(base_url=site, java_script_enabled=False, storage_state=managers_state)
    page = context.new_page()
    page.goto("/-/queue")
    page.get_by_role("link", name=DOUBTFUL).click()
    page.get_by_role("link", name="营业执照.jpg").first.click()
    expect(page.locator(".left img")).to_have_count(1)
    page.get_by_role("link", name="跳过，看下一件").click()
    expect(page).to_have_url(re.compile(f"/-/queue/{HOSTILE}$"))
    context.close()


def test_a_mail_of_the_queue_is_settled_with_one_key(manager):
    """A stranger's card is looked at and stays out; the queue goes on."""
    manager.goto(f"/-/queue/{HOSTILE}")
    manager.keyboard.press("j")
    arrive(manager, "/-/queue/mail/5")
    expect(manager.locator(".attention")).to_contain_text("疑似")
    manager.keyboard.press("a")
    arrive(manager, f"/-/queue/{DOUBTFUL}")
    expect(manager.get_by_role("status")).to_contain_text("来信 5 已看过")


# -- a day -----------------------------------------------------------------------------------------------------------


def test_a_clerks_day(page, day):
    """Log in, open the queue, correct a field, accept, approve the reply, mark the paper received, search, see a number
    masked and in full, log out.
    """
    log_in(page, "handle")
    page.get_by_role("navigation").get_by_role("link", name="待办").click()
    page.get_by_role("link", name=DOUBTFUL).click()
    expect(page.get_by_label("待办")).to_contain_text("不一致，请核实")
    expect(page.locator(".left")).to_contain_text("高湖便民")
    expect(page.locator(".call")).to_contain_text("138****0001")
    expect(page.get_by_role("button", name="显示完整号码")).to_have_count(0)
    page.get_by_text("更正这个账号的栏目").click()
    page.locator("input[name='value:introduction']").first.fill("发布便民信息")
    page.get_by_role("button", name="保存更正").first.click()
    expect(page).to_have_url(re.compile(f"/-/queue/{DOUBTFUL}$"))
    expect(page.locator(".right")).to_contain_text("发布便民信息")
    with closing(empty_store(day)) as database:
        users.change_user(database, PASSWORDS["handle"][0], at("2019-08-05 10:00"), "谭", full=True)
    page.reload()
    page.get_by_role("button", name="显示完整号码").click()
    expect(page.locator(".call").get_by_role("link", name="13807340001")).to_be_visible()
    _decide(page)
    _finish(page)
    _search(page)
    page.get_by_role("button", name="退出").click()
    page.goto(f"/-/submission/{DOUBTFUL}")
    expect(page).to_have_title(re.compile("登录"))
    with closing(empty_store(day)) as database:
        clerk = PASSWORDS["handle"][0]
        done = [row["action"] for row in rows(database, "SELECT action FROM events WHERE actor = ? ORDER BY id", [clerk])]
        status = one(database, "SELECT status FROM submissions WHERE number = ?", [DOUBTFUL])["status"]
        everything = " ".join(str(row["detail"]) for row in rows(database, "SELECT detail FROM events WHERE actor = ?", [clerk]))
    assert status == "registered" and done[0] == "login" and done[-1] == "logout"
    assert {"corrected", "numbers-revealed", "accepted", "paper-received"} <= set(done)
    assert "13807340001" not in everything


def _decide(page: Page) -> None:
    """The certificate is right after all: the case is closed, and the next one follows."""
    page.goto(f"/-/queue/{DOUBTFUL}")
    page.locator("article", has_text="营业执照.jpg").get_by_role("button", name="采纳", exact=True).click()
    expect(page).to_have_url(re.compile(f"/-/queue/{HOSTILE}$"))
    expect(page.get_by_role("status")).to_contain_text(DOUBTFUL)


def _finish(page: Page) -> None:
    page.goto("/-/outbox")
    reply = page.locator("tr, li, article", has_text="齐全回执").first
    reply.get_by_role("button", name="批准").first.click()
    expect(page.get_by_role("status")).to_contain_text("已批准")
    page.goto(f"/-/submission/{DOUBTFUL}")
    expect(page.locator(".story")).to_contain_text("138****0001")
    expect(page.locator("body")).not_to_contain_text("13807340001")
    page.get_by_role("button", name="收到纸质件").click()
    expect(page.locator("h1")).to_contain_text("已登记")


def _search(page: Page) -> None:
    """Two characters are enough; what is found fits the screen too."""
    page.get_by_role("navigation").get_by_role("link", name="搜索").click()
    page.get_by_role("searchbox").fill("高湖")
    page.get_by_role("button", name="搜索").click()
    expect(page.locator("main")).to_contain_text(DOUBTFUL)
    assert violations(page) == []
    check(page, "/-/search")
    page.get_by_role("link", name=DOUBTFUL).first.click()
    expect(page).to_have_title(re.compile(DOUBTFUL))
