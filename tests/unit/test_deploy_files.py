"""The files that hosts read say the same as the Procfile, the settings and their documentation."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.services import ROOT, procfile

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OUR_SERVICES = {"migrate", "web", "worker"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
APP_JSON = json.loads((ROOT / "app.json").read_text())
REPLIT = tomllib.loads((ROOT / ".replit").read_text())
PAGES = sorted((ROOT / "docs" / "deploy").glob("*.md"))
LINKED = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Read by Docker Compose or Debian's Python, and explained on the pages of those.
NOT_SETTINGS = {"SITE_ADDRESS", "POSTGRES_PASSWORD", "PIP_USER"}


def documented() -> set[str]:
    names = set(re.findall(r"^# ?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    return names | {f"{name}_FILE" for name in names} | NOT_SETTINGS


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def environment(service: str) -> dict[str, str]:
    return dict(SERVICES[service]["environment"])


def used_in(page: str) -> set[str]:
    return set(re.findall(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)=", page))


@pytest.mark.parametrize("service", ["web", "worker"])
def test_compose_runs_what_the_procfile_says(service: str) -> None:
    assert SERVICES[service]["command"] == shlex.split(procfile()[service])


def test_compose_migrates_with_the_procfiles_release_command() -> None:
    assert SERVICES["migrate"]["command"] == shlex.split(procfile()["release"])


def test_the_image_starts_the_web_by_default() -> None:
    found = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert found
    assert json.loads(found[1]) == shlex.split(procfile()["web"])


@pytest.mark.parametrize("service", sorted(OUR_SERVICES))
def test_compose_gives_only_documented_settings(service: str) -> None:
    assert set(environment(service)) - {"VAR_DIR"} <= documented()


def test_every_variable_that_a_person_can_give_to_compose_is_documented() -> None:
    given = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert given <= documented()


@pytest.mark.parametrize("service", sorted(OUR_SERVICES))
def test_our_containers_can_write_only_where_they_must(service: str) -> None:
    ours = SERVICES[service]
    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]
    assert ours["tmpfs"] == ["/tmp"]
    assert ours["volumes"] == ["var:/app/var"]


def test_the_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)[-1] != "root"


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_has_a_health_check_and_comes_back(service: str) -> None:
    assert "healthcheck" in SERVICES[service] or (service == "web" and "HEALTHCHECK" in DOCKERFILE)
    assert SERVICES[service]["restart"] == "unless-stopped"


def test_web_and_worker_wait_for_tables_redis_and_postgres() -> None:
    for service in ("web", "worker"):
        conditions = {name: need["condition"] for name, need in SERVICES[service]["depends_on"].items()}
        assert conditions == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }


def test_every_service_that_is_waited_for_exists() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)


def test_a_worker_may_finish_its_job_before_docker_kills_it() -> None:
    grace = int(re.sub(r"\D", "", environment("worker")["WORKER_GRACE"]))
    assert settings.JOB_DEADLINE < grace < seconds(SERVICES["worker"]["stop_grace_period"])


def test_redis_refuses_rather_than_forgets() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_web_and_worker_can_be_scaled() -> None:
    for service in ("web", "worker"):
        assert not {"container_name", "ports"} & set(SERVICES[service])


def test_named_volumes_and_networks_are_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    networks = {name for service in SERVICES.values() for name in service.get("networks", [])}
    assert networks - {"default"} == set(COMPOSE["networks"])


def test_no_secret_is_written_into_the_files() -> None:
    for text in (DOCKERFILE, (ROOT / "docker-compose.yml").read_text(), json.dumps(APP_JSON)):
        assert not re.search(r"\b(hf_|sk-)\w{6,}", text)
    assert "value" not in APP_JSON["env"]["SECRET_KEY"]


def test_heroku_gets_documented_settings_for_the_procfiles_processes() -> None:
    assert set(APP_JSON["env"]) <= documented()
    assert set(APP_JSON["formation"]) == set(procfile()) - {"release"}


def test_replit_starts_with_make_and_reaches_its_port() -> None:
    assert REPLIT["run"] == "make run"
    assert REPLIT["deployment"]["run"] == ["make", "run"]
    assert str(REPLIT["ports"][0]["localPort"]) == REPLIT["env"]["PORT"]
    assert set(REPLIT["env"]) <= documented()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_on_deployment_names_only_documented_settings(page: Any) -> None:
    known_to_systemd = {"ROOT"}
    assert used_in(page.read_text()) - known_to_systemd <= documented()


@pytest.mark.parametrize("page", [*PAGES, ROOT / ".env.example"], ids=lambda page: page.name)
def test_no_comment_stands_behind_a_value_of_a_file_of_settings(page: Any) -> None:
    """systemd, and whoever reads .env in Python, would take it for a part of the value."""
    assert not re.findall(r"^(?:# ?)?[A-Z0-9_]+=.*[ \t]#.*$", page.read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_on_deployment_fits_on_one_screen(page: Any) -> None:
    lines = page.read_text().splitlines()
    assert len(lines) <= 75
    assert max(map(len, lines)) <= 140


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_every_link_to_a_file_of_ours_leads_somewhere(page: Any) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


def test_systemd_holds_the_port_that_the_proxy_is_told() -> None:
    page = (ROOT / "docs" / "deploy" / "linux.md").read_text()
    (held,) = re.findall(r"ListenStream=(\S+)", page)
    assert f"reverse_proxy {held}" in page
    assert "Requires=images-web.socket" in page


def test_the_systemd_units_run_the_procfiles_commands() -> None:
    page = (ROOT / "docs" / "deploy" / "linux.md").read_text()
    started = re.findall(r"ExecStart=\S+/bin/(.*)", page)
    assert started[0] == procfile()["web"]
    assert started[1].startswith(procfile()["worker"])


def test_all_that_runs_goes_into_the_image() -> None:
    kept = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert {"config", "images", "workers", "templates", "static", "manage.py", "requirements.txt"} <= kept
