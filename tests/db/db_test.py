#!/usr/bin/env python3
"""The database: migrations, comments, privileges, constraints, the questions of schema api and the cookbook that asks them.

db_test.py DIR, where a database runs. It makes databases of its own there and drops them at its end.
"""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import LOCAL, ROOT, Report, expect  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
DB = ROOT / "db"
README = (DB / "README.md").read_text()
CHANGES = [line.split()[0] for line in (DB / "sqitch.plan").read_text().splitlines()
           if line and not line.startswith("%")]
MOVEMENTS = 100000  # of plans.sql; -v there


class Database:
    def __init__(self, directory, name):
        self.directory = directory
        self.name = f"db_test_{name}_{os.getpid()}"
        self.server = self.local("url")
        self.psql("-c", f'CREATE DATABASE "{self.name}"', url=self.server)

    def local(self, verb, *arguments):
        done = subprocess.run([str(LOCAL / "database"), verb, self.directory, *arguments], text=True, capture_output=True)
        expect(done.returncode == 0, done.stderr)
        return done.stdout.strip()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.psql("-c", f'DROP DATABASE "{self.name}" WITH (FORCE)', url=self.server)

    def url(self, role="postgres"):
        return self.local("url", role, self.name)

    def run(self, *arguments, url=None):
        return subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url or self.url(), *arguments], text=True,
                              capture_output=True, env=dict(os.environ, PGTZ="UTC"))

    def psql(self, *arguments, url=None):
        done = self.run(*arguments, url=url)
        expect(done.returncode == 0, f"psql {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def lines(self, query):
        return self.psql("-A", "-t", "-c", query).splitlines()

    def sqitch(self, *arguments):
        target = "db:pg:" + self.url().removeprefix("postgresql:")
        environment = dict(os.environ, SQITCH_USER_CONFIG="/dev/null", SQITCH_FULLNAME="stockbus",
                           SQITCH_EMAIL="stockbus@localhost")
        done = subprocess.run(["sqitch", arguments[0], "--target", target, *arguments[1:]], cwd=DB, env=environment,
                              stdin=subprocess.DEVNULL, text=True, capture_output=True)
        expect(done.returncode == 0, f"sqitch {' '.join(arguments)}: {done.stdout[-1500:]}{done.stderr[-1500:]}")

    def verified(self, change):
        return self.run("-f", str(DB / "verify" / f"{change}.sql")).returncode == 0

    def prepare(self, *files, **variables):
        """Everything deployed, pgTAP beside it, and these files run."""
        self.sqitch("deploy", "--no-verify")
        done = self.run("-c", "CREATE SCHEMA tap; CREATE EXTENSION pgtap SCHEMA tap")
        expect(done.returncode == 0, f"pgTAP is not installed for this server: deploy/local/setup does it\n{done.stderr}")
        options = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        for file in files:
            self.psql(*options, "-f", str(HERE / file))


# ---- migrations

def schemas(database):
    return database.lines("SELECT nspname FROM pg_namespace WHERE nspname IN ('ledger', 'findings', 'api')")


def verify_tells_deployed_from_not(database, report):
    for change in CHANGES:
        with report.test(f"verify {change} fails before the change and passes after it"):
            expect(not database.verified(change), "it passes before")
            database.sqitch("deploy", "--verify", "--to", change)


def verify_misses_what_is_gone(database, report):
    """Each table, view, function, trigger and index of its own: dropped, and some verify script must fail."""
    drops = database.lines("""
        WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('ledger', 'findings', 'api'))
        SELECT format('DROP %s %I.%I CASCADE', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX'
                      ELSE 'TABLE' END, n.nspname, c.relname)
          FROM pg_class c JOIN ours n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'i', 'I') AND NOT c.relispartition
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
         UNION ALL
        SELECT format('DROP FUNCTION %s CASCADE', p.oid::regprocedure) FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
         UNION ALL
        SELECT format('DROP TRIGGER %I ON %s CASCADE', t.tgname, t.tgrelid::regclass)
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN ours n ON n.oid = c.relnamespace
         WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND NOT c.relispartition
         ORDER BY 1""")
    scripts = [word for change in CHANGES for word in ("-f", str(DB / "verify" / f"{change}.sql"))]
    with report.test("all verify scripts pass together"):
        database.psql("-c", "BEGIN", *scripts)
    expect(len(drops) > 50, f"only {len(drops)} objects were found")
    with report.test(f"each of {len(drops)} objects is missed by a verify script when it is gone"):
        unmissed = [drop for drop in drops if database.run("-c", "BEGIN", "-c", drop, *scripts).returncode == 0]
        expect(not unmissed, "nobody misses it after: " + "; ".join(unmissed))


def revert_goes_back_to_the_start(database, report):
    with report.test("revert leaves nothing, and everything deploys again"):
        database.sqitch("revert", "-y")
        expect(schemas(database) == [], f"left over: {schemas(database)}")
        acl = database.lines("SELECT count(*) FROM pg_default_acl")
        expect(acl == ["0"], "default privileges are left over")
        database.sqitch("deploy", "--verify")
        expect(len(schemas(database)) == 3, f"deployed again: {schemas(database)}")


# ---- pgTAP

def tap(database, report, name, *files):
    """Runs the files in one session; each line of TAP is a test of the report."""
    scripts = [word for file in (*files, HERE / f"{name}.sql") for word in ("-f", str(file))]
    done = database.run("-A", "-t", "-c", "SET search_path = pg_catalog, tap, pg_temp", *scripts)
    output = done.stdout.splitlines()
    lines = [index for index, line in enumerate(output) if re.match(r"(not )?ok \d+ - ", line)]
    for index, following in zip(lines, lines[1:] + [len(output)]):
        with report.test(f"{name}: " + output[index].split(" - ", 1)[1]):
            expect(output[index].startswith("ok"), "\n".join(output[index + 1:following]))
    with report.test(f"{name}: runs to its end"):
        expect(done.returncode == 0 and lines, done.stderr or "no test ran")
        expect(f"1..{len(lines)}" in output, f"{len(lines)} tests ran: another number was planned")


# ---- the cookbook

def privileges_of_readme():
    """The table of db/README.md as SQL; a cell's dash is no privilege."""
    section = README.split("<!-- privileges -->")[1]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in section.splitlines()
            if line.startswith("| `")]
    roles = [cell.strip().strip("`") for cell in
             next(line for line in section.splitlines() if line.startswith("| relation")).strip("|").split("|")][1:]
    values = ",\n".join(f"('{row[0]}', '{role}', '{'' if cell == '-' else cell}')"
                        for row in rows for role, cell in zip(roles, row[1:]))
    return (f"CREATE TEMPORARY TABLE wanted_privileges (relation, role, privileges) AS SELECT k.* FROM (VALUES {values}) "
            "AS k (relation, role, privileges);\n")


def cookbook(database, report):
    """Each ```sql of the README that an ```text follows is asked by the audit role, and answers just that."""
    recipes = re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```sql\n(.*?)```\n+```text\n(.*?)```", README, re.M | re.S)
    with report.test("the cookbook has recipes"):
        expect(len(recipes) >= 12, f"only {len(recipes)}")
    for question, query, answer in recipes:
        with report.test(f"cookbook: {question}"):
            found = database.psql("-c", query, url=database.url("stockbus_audit"))
            trimmed = "\n".join(line.rstrip() for line in found.strip("\n").splitlines())
            expect(trimmed == answer.strip("\n"), f"it answers\n{trimmed}")


def audit_reads_every_view(database, report):
    """Rows and functions of a view need rights that reading its definition does not."""
    for view in database.lines("SELECT oid::regclass FROM pg_class WHERE relnamespace = 'api'::regnamespace AND relkind = 'v'"):
        with report.test(f"stockbus_audit reads {view}"):
            database.psql("-c", f"SELECT * FROM {view}", url=database.url("stockbus_audit"))


# ---- the same questions by command

COMMANDS = {  # what stockctl is asked, and a line of its answer, blanks apart
    "stock MUG --at 2026-11-21T10:10:00Z": "MUG main 2 3 -1 0",
    "stock MUG --at 2026-11-21T10:00:41Z --known": "MUG main 2 2 0 0",
    "why MUG main": "0 2026-11-21T09:10:00.000Z - - 2 - yes latest count - - - bob",
    "last-unit MUG main": "0 took the last unit 2026-11-21T10:00:30.000Z 1 0 placed woo-main W1 17",
    "oversell shopify-main S2": "MUG main 2026-11-21T10:00:40.000Z 2026-11-21T10:00:41.200Z -1 -1 2026-11-21T10:20:00.000Z "
                                "placed shopify-main S2 00000000-0000-5000-8000-000000000007 yes",
    "showed shopify-main 111 --from 2026-11-21T12:40:00Z --to 2026-11-21T13:00:00Z":
        "2026-11-21T12:30:00.000Z observed 3 3 2026-11-21T13:00:00.000Z - push, differs",
    "drifted --channel shopify-main": "2026-11-21T12:30:00.000Z observation shopify-main 111 MUG 3 1 differs "
                                      "last observation differs from version 4, confirmed before",
    "order woo-main W1": "2026-11-21T10:00:46.000Z push woo-main 17 - - 0 15600 confirmed, attempt 1",
    "timeline MUG --from 2026-11-21T13:10:00Z": "2026-11-21T13:10:01.000Z noted admin - - - stock_counted",
    "mapped woo-main 17": "2026-11-21T09:00:00.000Z 2026-11-21T13:00:00.000Z 1 x MUG main 2026-11-21T10:00:30.000Z W1 1 1 "
                          "order_line",
    "explain MUG --channel woo-main --at 2026-11-21T10:00:20Z":
        "2026-11-21T09:10:02.000Z confirmed woo-main 17 - 2 1 1100 ms after the notification "
        "00000000-0000-5000-8000-000000000004",
}


def stockctl(database, report):
    program = ROOT / os.environ.get("BUILD", "build/release") / "bin/stockctl"
    environment = dict(os.environ, STOCKBUS_DATABASE_URL=database.url("stockbus_audit"))

    def ask(command):
        return subprocess.run([program, *command.split()], env=environment, text=True, capture_output=True)

    for command, line in COMMANDS.items():
        with report.test(f"stockctl {command}"):
            done = ask(command)
            answer = [" ".join(row.split()) for row in done.stdout.splitlines()]
            expect(done.returncode == 0 and line in answer, f"exit {done.returncode}\n{done.stderr}" + "\n".join(answer))
    with report.test("stockctl unconfirmed --older: younger ones are left out"):
        expect("maintenance: Back soon" in ask("unconfirmed --older 0").stdout, "the listing is missing")
        done = ask(f"unconfirmed --older {10 * 366 * 86400}")
        expect(done.returncode == 1 and done.stdout.count("\n") <= 1, f"exit {done.returncode}\n{done.stdout}")


def main():
    directory = sys.argv[1]
    report = Report(directory)
    with Database(directory, "migrations") as database:
        verify_tells_deployed_from_not(database, report)
        verify_misses_what_is_gone(database, report)
        revert_goes_back_to_the_start(database, report)
    with Database(directory, "day") as database:
        database.prepare("fixture.sql")
        matrix = pathlib.Path(directory) / "privileges.sql"
        matrix.write_text(privileges_of_readme())
        tap(database, report, "comments")
        tap(database, report, "privileges", matrix)
        tap(database, report, "questions")
        cookbook(database, report)
        audit_reads_every_view(database, report)
        stockctl(database, report)
        tap(database, report, "constraints")
    with Database(directory, "scale") as database:
        database.prepare("scale.sql", movements=MOVEMENTS)
        tap(database, report, "plans")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
