"""SQS servers that are not ours, installed below var/live, and a queue with dead letters at one of them."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from harness.suite import LOCAL, ROOT, expect, free_port, until  # noqa: E402

HOME = ROOT / "var/live"
REGION = "eu-central-1"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "iam:*AccessKey*"], "Resource": "*"}]}


def install_python():
    """moto, and AWS's own client for us, as requirements.txt pins them. The folder appears whole, and counts for one list."""
    wanted = HERE / "requirements.txt"
    home = HOME / f"moto-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    if not home.exists():
        part = home.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                               "--require-hashes", "--only-binary", ":all:", "--target", str(part), "--requirement",
                               str(wanted)], capture_output=True, text=True)
        expect(done.returncode == 0, f"pip: {done.stderr[-2000:]}")
        part.rename(home)
    sys.path.insert(0, str(home))
    return home


class Server:
    """A process that answers at a port. Who asks has a key."""

    name = ""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = [("any", "any")]

    def command(self):
        """Its words and its environment."""
        raise NotImplementedError

    def __enter__(self):
        words, environment = self.command()
        self.log = (self.directory / f"{self.name}.log").open("w")
        self.process = subprocess.Popen(words, env=dict(os.environ, **environment), stdout=self.log, stderr=self.log)
        until(120, self.answers, f"{self.name} answers")
        return self

    def __exit__(self, *exception):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def answers(self):
        expect(self.process.poll() is None, f"{self.name} ended: {(self.directory / f'{self.name}.log').read_text()[-2000:]}")
        try:
            self.client().list_queues()
        except Exception:  # the port is open before what is behind it
            return False
        return True

    def client(self, service="sqs", key=None):
        import boto3  # not there before install_python()
        from botocore.config import Config

        key_id, secret = key or self.keys[0]
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=key_id,
                            aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}))

    def switch_on_signatures(self):
        """False: it does not know how."""
        return False


class ElasticMq(Server):
    name = "elasticmq"

    def command(self):
        done = subprocess.run([LOCAL / "jars", HERE / "elasticmq"], env=dict(os.environ, STOCKBUS_CACHE=str(HOME)), text=True,
                              stdout=subprocess.PIPE)
        expect(done.returncode == 0, "the jars of ElasticMQ could not be had")
        settings = self.directory / "elasticmq.conf"
        settings.write_text(f"""include classpath("application.conf")
node-address {{protocol = http, host = "127.0.0.1", port = {self.port}, context-path = ""}}
rest-sqs {{enabled = true, bind-port = {self.port}, bind-hostname = "127.0.0.1", sqs-limits = strict}}
rest-stats {{enabled = false}}
aws {{region = {REGION}, accountId = 000000000000}}
""")
        return ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", f"-Dconfig.file={settings}", "-cp", f"{done.stdout.strip()}/*",
                "org.elasticmq.server.Main"], {}

    def move_back(self, queue):
        queue.client.start_message_move_task(SourceArn=queue.dead_arn)


class Moto(Server):
    name = "moto"

    def command(self):
        return ([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                {"PYTHONPATH": str(install_python())})

    def switch_on_signatures(self):
        """From now on only the user's keys get anything, and only by what they signed. It has two keys, as AWS allows, so
        that one can take the other's place."""
        iam = self.client("iam")
        iam.create_user(UserName="stockbus")
        iam.put_user_policy(UserName="stockbus", PolicyName="queues", PolicyDocument=json.dumps(POLICY))
        self.keys = [(key["AccessKeyId"], key["SecretAccessKey"])
                     for key in (iam.create_access_key(UserName="stockbus")["AccessKey"] for _ in range(2))]
        # Of how many requests from now on nothing is checked.
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=b"0",
                                                      headers={"Content-Type": "text/plain"}), timeout=60).close()
        return True

    def retire_first_key(self):
        key_id = self.keys.pop(0)[0]
        self.client("iam").delete_access_key(UserName="stockbus", AccessKeyId=key_id)

    def move_back(self, queue):
        """It has no StartMessageMoveTask: what AWS's does, by hand."""
        while moved := queue.client.receive_message(QueueUrl=queue.dead_url, MaxNumberOfMessages=10).get("Messages"):
            for message in moved:
                queue.client.send_message(QueueUrl=queue.url, MessageBody=message["Body"])
                queue.client.delete_message(QueueUrl=queue.dead_url, ReceiptHandle=message["ReceiptHandle"])


class Queue:
    """A standard queue whose dead letters go to another one."""

    NEVER = 1000  # receives

    def __init__(self, server, name="stockbus"):
        self.server = server
        self.client = server.client()
        self.dead_url = self.client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        self.dead_arn = self.client.get_queue_attributes(QueueUrl=self.dead_url,
                                                         AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.url = self.client.create_queue(QueueName=name, Attributes=self.policy(self.NEVER))["QueueUrl"]

    def policy(self, receives):
        return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": receives})}

    def give_up_after(self, receives):
        self.client.set_queue_attributes(QueueUrl=self.url, Attributes=self.policy(receives))

    def reconnect(self):
        """With the key that is the first now."""
        self.client = self.server.client()

    def put(self, bodies, delay_s=0):
        for at in range(0, len(bodies), 10):
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=[
                {"Id": str(n), "MessageBody": body, "DelaySeconds": delay_s} for n, body in enumerate(bodies[at:at + 10])])
            expect(not answer.get("Failed"), f"not sent: {answer.get('Failed')}")

    def sizes(self, url=None):
        """(to be had, in hand or delayed)"""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
        said = self.client.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=list(names))["Attributes"]
        ready, hidden, delayed = (int(said[name]) for name in names)
        return ready, hidden + delayed

    def dead(self):
        return sum(self.sizes(self.dead_url))
