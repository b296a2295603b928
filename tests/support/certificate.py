"""Certificates: an authority that nobody has the key of, for files that must hold one, and a server's own."""

import subprocess
from pathlib import Path
from typing import Final

CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUBaffwJkTqEik/bVh4THmpdekoikwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIxNjU5MjVaGA8yMTI2MTAyOTE2NTky
NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHHm
xo8B5tXYpRE7z9blnf3We4qTrAxt0o39r0rMKqiL8FWjPSF5WItA4TMxx6T1YUjg
OSI6N+b66uBoeAsq5YejUzBRMB0GA1UdDgQWBBSFOVAN1Fnjn1Liy5CtLhe48pw4
8TAfBgNVHSMEGDAWgBSFOVAN1Fnjn1Liy5CtLhe48pw48TAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCICVze3y8dnQMJoSui2fBls9uY33qvrjnysGJ
ykbH5B9CAiA7XRei+xSNLMhUcnMnjMYPdBQUdvsGHFd77s28jZXA5A==
-----END CERTIFICATE-----
"""


def signed_by_itself(folder: Path) -> tuple[Path, Path]:
    """Key and certificate of localhost and 127.0.0.1, which no authority has signed."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subject = ["-out", str(certificate), "-subj", "/CN=localhost", "-addext", names]
    subprocess.run([*made, *subject], check=True, capture_output=True)  # noqa: S603  (our own words)
    return key, certificate
