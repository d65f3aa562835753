#!/usr/bin/env python3
"""A ledger that trusts its database by certificate only (sslmode=verify-full): database_tls_test.py DIR

Broker and database run in DIR; the database speaks TLS while this lasts. One line per check: `ok name` or `not ok name`,
then `N passed, N failed`.
"""

import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.certificates import Authority  # noqa: E402
from harness.stack import LONG, Program, facts, feed, server, sql  # noqa: E402
from harness.suite import Report, expect, until  # noqa: E402

HOST = "localhost"
FILES = {"ssl_cert_file": "stockbus-test.crt", "ssl_key_file": "stockbus-test.key"}


class Bench:
    def __init__(self, directory, work):
        self.work = pathlib.Path(work)
        self.prefix, self.database = f"dbtls{os.getpid()}.", f"dbtls_{os.getpid()}"
        self.brokers = server("broker", "address", directory)
        server("database", "migrate", directory, self.database)
        self.admin_url = server("database", "url", directory, "postgres", self.database)
        self.url = server("database", "url", directory, "stockbus_ledger", self.database)
        self.authority = Authority(work, "database-ca")
        self.data = pathlib.Path(sql(self.admin_url, "SHOW data_directory")[0][0])
        self.hba = pathlib.Path(sql(self.admin_url, "SHOW hba_file")[0][0])
        self.lines = (f"hostssl {self.database} stockbus_ledger 127.0.0.1/32 trust\n"
                      f"hostnossl {self.database} stockbus_ledger 127.0.0.1/32 reject\n")
        feed(self.brokers, self.prefix, facts(7))

    def speak_tls(self):
        owner = self.data.stat()
        for setting, text in zip(FILES, self.authority.issue("database", HOST)):
            path = self.data / FILES[setting]
            path.touch(mode=0o600)
            path.write_text(text)
            os.chown(path, owner.st_uid, owner.st_gid)
            sql(self.admin_url, f"ALTER SYSTEM SET {setting} = '{FILES[setting]}'")
        sql(self.admin_url, "ALTER SYSTEM SET ssl = on")
        self.hba.write_text(self.lines + self.hba.read_text())
        sql(self.admin_url, "SELECT pg_reload_conf()")
        until(LONG, lambda: sql(self.admin_url, "SHOW ssl") == [["on"]], "the database speaks TLS")

    def close(self):
        self.hba.write_text(self.hba.read_text().replace(self.lines, ""))
        for setting in ("ssl", *FILES):
            sql(self.admin_url, f"ALTER SYSTEM RESET {setting}")
        sql(self.admin_url, "SELECT pg_reload_conf()")
        for name in FILES.values():
            (self.data / name).unlink(missing_ok=True)

    def ledger(self, host=HOST, authority=None, mode="verify-full"):
        url = self.url.replace("127.0.0.1", host) + f"?sslmode={mode}"
        if mode != "disable":
            url += f"&sslrootcert={(authority or self.authority).path}"
        return Program("ledger", self.work, STOCKBUS_KAFKA_BROKERS=self.brokers, STOCKBUS_TOPIC_PREFIX=self.prefix,
                       STOCKBUS_DATABASE_URL=url, STOCKBUS_ASSESS_INTERVAL_MS="0")


def facts_get_through(bench):
    bench.speak_tls()
    ledger = bench.ledger().start()
    try:
        until(LONG, lambda: sql(bench.admin_url, "SELECT available FROM api.stock WHERE sku = 'TEE'") == [["7"]],
              "the count is applied")
        plain = sql(bench.admin_url, "SELECT count(*) FILTER (WHERE NOT ssl), count(*) > 0 FROM pg_stat_ssl JOIN "
                                     "pg_stat_activity USING (pid) WHERE usename = 'stockbus_ledger' AND "
                                     "datname = current_database()")
        expect(plain == [["0", "t"]], f"sessions without TLS: {plain}")
    finally:
        status = ledger.stop()
    expect(status == 0, f"exit {status}")


def others_are_refused(bench):
    foreign = Authority(bench.work, "foreign-ca")
    cases = {"another authority": (bench.ledger(authority=foreign), "certificate verify failed"),
             "another host's name": (bench.ledger(host="127.0.0.1"), "does not match host name"),
             "no TLS": (bench.ledger(mode="disable"), "28000")}
    for ledger, _ in cases.values():
        ledger.launch()
    try:
        for name, (ledger, want) in cases.items():
            until(LONG, lambda: want in ledger.log() or ledger.is_gone(), f"{name} is told")  # noqa: B023
            line = next((line for line in ledger.log().splitlines() if want in line), None)
            expect(line is not None, f"{name}: the log does not say {want}: {ledger.log()[-1500:]}")
            print(f"    {name}: {re.sub('.*why.:.', '', line)[:150]}")
            expect(not ledger.ready()[0], f"{name}: it is ready")
    finally:
        for ledger, _ in cases.values():
            ledger.stop()


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: database_tls_test.py DIR")
    with tempfile.TemporaryDirectory(prefix="database-tls-test-") as work:
        report = Report(work)
        bench = Bench(sys.argv[1], work)
        try:
            with report.test("sslmode=verify-full: facts get through, over TLS alone"):
                facts_get_through(bench)
            with report.test("sslmode=verify-full: another authority, another name and no TLS are refused and told"):
                others_are_refused(bench)
        finally:
            bench.close()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
