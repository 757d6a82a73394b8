"""`intake admin`: the database in the browser, on this machine only."""

import threading
import webbrowser
from ipaddress import ip_address

import uvicorn

from intake.config import Config
from intake.office import words
from rules.errors import ConfigError
from rules.survey import Survey, load_survey
from store.admin.site import application, build
from store.database import connect


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
    uvicorn.run(application(site, (host, "127.0.0.1", "localhost", "::1")), host=host, port=port, log_level="warning",
                access_log=False, lifespan="on", timeout_keep_alive=30)


def site_for(config: Config, survey: Survey):
    """The Datasette on this configuration's database, which is created or migrated first where need be."""
    connect(config.database).close()
    return build(config.database, survey.title, words_for(survey))


def words_for(survey: Survey) -> dict:
    """The office's words under the names that store/admin/tables.yaml uses."""
    return {
        "CATEGORIES": words.CATEGORIES, "STATUSES": words.STATUSES, "MAIL_KINDS": words.MAIL_KINDS,
        "MESSAGE_STATES": words.MESSAGE_STATES, "SILENCES": words.SILENCES, "ROLES": words.ROLES,
        "PROBLEMS": words.PROBLEMS, "REPLY_KINDS": words.REPLY_KINDS, "REPLY_STATES": words.REPLY_STATES,
        "YES_NO": words.YES_NO, "ON_TIME": {1: "按时", 0: "逾期"}, "SIDES": words.SIDES,
        "WHY": words.WHY, "ACTIONS": words.ACTIONS, "DECISIONS": words.DECISIONS,
        "FIELDS": {rule.name: rule.label for rule in survey.fields} | {"platform": "平台"},
        "MISSING": lambda code: words.missing_word(survey, code),
    }


def check_loopback(config: Config) -> None:
    """The site has no log-in, so it may listen on this machine only."""
    host = config.admin.host
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ConfigError("管理页面没有登录保护，只能监听本机地址（127.0.0.1）；需要远程查看时请用 SSH 隧道。",
                          path=str(config.path), key="admin.host")
