"""Know what every pool holds and what a swap does to it, to the last unit, with no I/O.

The public names, once the modules beneath exist (addresses are 20 raw bytes, amounts integers):

Loading (the caller carries the calls to the node, all of one round at one pinned block):
    PoolSpec(address, protocol, version=None, fee=None)
    Factory(protocol, version, address, fees=())
    discovery(factories, tokens) -> Discovery        .calls() -> list[Call]; .specs(answers) -> list[PoolSpec]
    Loading(specs, words=None)                       while calls := loading.calls(): loading.feed(answers)
                                                     .loaded: list[Loaded]; .refused: dict[address, reason]
    Call(to, data); an answer is bytes, or None where the call reverted

Market:
    Market(loaded, block, offset=0, retained=4096)   offset: block number minus sequence number
    .apply(sequence, swaps) -> set[bytes]            the swaps of ONE transaction, in order; touched pools
    .reconcile(block, logs) -> Reconciliation(block, exact, corrected, touched)
    .rewind(sequence) -> set[bytes]                  forget what was applied from that number on (a reorg)
    .sequence, .block, .pools, .state(address), .confirmed(address)
    Log(address, topics, data, block, index), Log.from_json(object)
"""
