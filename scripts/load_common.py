"""What the load scripts share: a desk and a fake model server as programs, and how customers reach the desk."""
import contextlib
import http.client
import json
import os
import signal
import subprocess
import time


def post(connection, path, body, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{path}: {answer.status} {text[:200]}")
    return json.loads(text)


def ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/readyz")
    return json.loads(connection.getresponse().read())


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


@contextlib.contextmanager
def running(binary, fake, port, model_port, folder, url=None, fake_args=None, settings=None):
    """A desk on `folder` that asks the model at `url`, and a fake model server where there are arguments for one."""
    server = None
    if fake_args is not None:
        server = subprocess.Popen([fake, "--listen", f"127.0.0.1:{model_port}", *fake_args], stdout=subprocess.DEVNULL)
    env = {
        **os.environ,
        "DESKHAND_HTTP__ADDR": f"127.0.0.1:{port}",
        "DESKHAND_DATA_DIR": folder,
        "DESKHAND_LOG__FILTER": "error",
        "DESKHAND_LIMITS__SESSIONS_PER_MINUTE": "100000",
        "DESKHAND_LIMITS__MESSAGES_PER_MINUTE": "100000",
        **(settings or {}),
    }
    if url:
        env |= {"DESKHAND_LLM__BASE_URL": url, "DESKHAND_LLM__MODEL": "fake"}
    desk = subprocess.Popen([binary, "serve"], env=env, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                if ready(port):
                    break
            except OSError:
                if desk.poll() is not None:
                    raise RuntimeError("the desk has ended; it says why above")
                time.sleep(0.1)
        yield
    finally:
        desk.send_signal(signal.SIGTERM)
        desk.wait(30)
        if server:
            server.kill()
            server.wait()
