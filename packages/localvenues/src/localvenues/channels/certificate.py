"""A certificate of one's own for STARTTLS, made fresh for every run and valid for loopback alone."""

from __future__ import annotations

import datetime
import importlib
import ipaddress
import ssl
from pathlib import Path
from typing import Any


def tls_context(folder: Path) -> ssl.SSLContext | None:
    """Write certificate and key into a folder and return the server's context.

    None where the library `cryptography` is not there; the mail server then offers no STARTTLS.
    """
    try:
        pair = made()
    except ImportError:
        return None
    certificate, key = folder / "smtp-cert.pem", folder / "smtp-key.pem"
    key.touch(mode=0o600)
    certificate.write_bytes(pair[0])
    key.write_bytes(pair[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def made() -> tuple[bytes, bytes]:
    """Return a self-signed certificate for localhost and its key, in PEM; raises ImportError."""
    x509: Any = importlib.import_module("cryptography.x509")
    hashes: Any = importlib.import_module("cryptography.hazmat.primitives.hashes")
    forms: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")
    curves: Any = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ec")
    key = curves.generate_private_key(curves.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=30))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    return signed.public_bytes(forms.Encoding.PEM), private
