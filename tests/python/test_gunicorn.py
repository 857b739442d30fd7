# SPDX-License-Identifier: Apache-2.0
"""gunicorn --preload: the model is opened once, before the workers are forked, and each worker predicts."""
import http.client
import json
import socket
import subprocess
import sys
import textwrap
import time

from conftest import DATA, PHOTOS, classifier

APPLICATION = f"""
    import json, os
    import ramet
    model = ramet.load({str(DATA / "classifier")!r})
    model.predict({str(PHOTOS[0])!r})
    opened_by = os.getpid()

    def application(environ, start_response):
        labels = model.predict({str(PHOTOS[0])!r}).label_ids
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps([labels, os.getpid(), opened_by]).encode()]
    """


def ask(path):
    connection = http.client.HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect(str(path))
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 200
    return json.loads(answer.read())


def wait_for(path, server):
    end = time.monotonic() + 60
    while not path.exists():
        assert server.poll() is None and time.monotonic() < end
        time.sleep(0.05)


def test_workers_use_the_model_that_was_preloaded(tmp_path):
    (tmp_path / "application.py").write_text(textwrap.dedent(APPLICATION))
    place = tmp_path / "socket"
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"unix:{place}",
                               "--chdir", str(tmp_path), "--log-level", "error", "application"])
    try:
        wait_for(place, server)
        answers = [ask(place) for _ in range(20)]
    finally:
        server.terminate()
        server.wait(timeout=60)
    want = classifier().predict(PHOTOS[0]).label_ids
    assert all(labels == want for labels, _, _ in answers)
    workers, openers = {pid for _, pid, _ in answers}, {pid for _, _, pid in answers}
    assert len(openers) == 1 and not workers & openers
