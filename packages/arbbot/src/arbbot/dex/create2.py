"""Pool addresses without asking the chain. Source: EIP-1014."""

from __future__ import annotations

from sha3 import keccak_256

from arbbot.dex.book import Factory


def create2(deployer: bytes, salt: bytes, init_code_hash: bytes) -> bytes:
    """Derive the address (20 bytes) of a contract made by CREATE2."""
    digest: bytes = keccak_256(b"\xff" + deployer + salt + init_code_hash).digest()
    return digest[12:]


def pool_address(factory: Factory, token_a: bytes, token_b: bytes, fee: int | None = None) -> bytes:
    """Derive the address of a factory's pool; the tokens may come in any order.

    fee is the tier in hundredths of a bip, wanted exactly where the factory's salt holds it. Raises
    ValueError where the fee or the init code hash is missing or the tokens are the same.
    """
    if factory.init_code_hash is None:
        raise ValueError(f"{factory.name} has no known init code hash")
    if token_a == token_b:
        raise ValueError("a pool has two tokens")
    if (factory.salt == "pair_fee") != (fee is not None):
        raise ValueError(
            f"{factory.name} {'wants a' if fee is None else 'has no'} fee in its pools' addresses"
        )
    low, high = sorted((token_a, token_b))
    if factory.salt == "pair":
        key = low + high
    else:
        key = bytes(12) + low + bytes(12) + high
        if fee is not None:
            key += fee.to_bytes(32, "big")
    return create2(factory.deployer, keccak_256(key).digest(), factory.init_code_hash)
