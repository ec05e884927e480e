"""Recurrent layers, cells and packed sequences against PyTorch's."""

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import SIDES, array, assert_close, assert_same_error, assert_same_script, drawn, tensors

SEQUENCE = array(5, 3, 4)
LAYERS = {
    "RNN": (lambda nn: nn.RNN(4, 6), 1),
    "RNN relu": (lambda nn: nn.RNN(4, 6, nonlinearity="relu"), 1),
    "RNN by position": (lambda nn: nn.RNN(4, 6, 2, "relu", False), 1),
    "RNN both ways": (lambda nn: nn.RNN(4, 6, num_layers=2, bidirectional=True, bias=False), 1),
    "GRU": (lambda nn: nn.GRU(4, 6), 1),
    "GRU deep": (lambda nn: nn.GRU(4, 6, 3, bidirectional=True), 1),
    "LSTM": (lambda nn: nn.LSTM(4, 6), 2),
    "LSTM deep": (lambda nn: nn.LSTM(4, 6, 2, bidirectional=True, bias=False), 2),
    "LSTM projected": (lambda nn: nn.LSTM(4, 6, 2, proj_size=3, bidirectional=True), 2),
}


def flat(result):
    """Output and states of a layer as a list of tensors."""
    output, state = result
    return [output, *(state if isinstance(state, tuple) else (state,))]


def pull_back(library, parts):
    """Backward through every part, each with weights of its own."""
    total = 0
    for i, part in enumerate(parts):
        weights = library.tensor(array(*part.shape, seed=10 + i))
        total = total + (part * weights).sum()
    total.backward()


def start(layer, library, batch):
    """A state to start from, in the shapes that the layer wants."""
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    sizes = [layer.proj_size or layer.hidden_size, layer.hidden_size][: 2 if layer.mode == "LSTM" else 1]
    state = tensors(library, [array(count, *batch, size, seed=5 + i) for i, size in enumerate(sizes)], True)
    return tuple(state) if len(state) == 2 else state[0]


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("given", [False, True], ids=["from zeros", "from a state"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_computes_what_pytorch_computes(name, given):
    make, _ = LAYERS[name]

    def run(library):
        layer = drawn(library, make)
        (x,) = tensors(library, [SEQUENCE], requires_grad=True)
        state = start(layer, library, (3,)) if given else None
        parts = flat(layer(x, state) if given else layer(x))
        pull_back(library, parts)
        leaves = [x, *(state if isinstance(state, tuple) else [state] if given else [])]
        return [parts, [leaf.grad for leaf in leaves], [p.grad for p in layer.parameters()]]

    assert_same_script(run, tolerance=1e-4)


@pytest.mark.parametrize("name", LAYERS)
def test_batch_first_and_without_a_batch(name):
    make, _ = LAYERS[name]

    def run(library):
        layer = drawn(library, make)
        first, alone = tensors(library, [np.swapaxes(SEQUENCE, 0, 1).copy(), SEQUENCE[:, 0].copy()])
        unbatched = flat(layer(alone, start(layer, library, ())))
        layer.batch_first = True
        return [flat(layer(first)), unbatched, flat(layer(alone))]

    assert_same_script(run, tolerance=1e-4)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_looks_like_pytorchs(name):
    def run(library):
        layer = LAYERS[name][0](library.nn)
        names = [[[tuple(p.shape) for p in weights] for weights in layer.all_weights]]
        return [repr(layer), list(layer.state_dict()), [tuple(p.shape) for p in layer.parameters()], names]

    assert_same_script(run)


LENGTHS = [3, 5, 2, 5]


def padded(library, requires_grad=False):
    x = array(5, 4, 4)
    for i, length in enumerate(LENGTHS):
        x[length:, i] = 0
    return tensors(library, [x], requires_grad)[0]


@pytest.mark.parametrize("given", [False, True], ids=["from zeros", "from a state"])
@pytest.mark.parametrize("name", LAYERS)
def test_packed_sequences_run_to_their_own_ends(name, given):
    make, _ = LAYERS[name]

    def run(library):
        layer, x = drawn(library, make), padded(library, requires_grad=True)
        rnn = library.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
        output, state = layer(packed, start(layer, library, (4,)) if given else None)
        unpacked, lengths = rnn.pad_packed_sequence(output, padding_value=-1.0)
        parts = [unpacked, *(state if isinstance(state, tuple) else (state,))]
        pull_back(library, parts)
        return [parts, lengths, x.grad, [p.grad for p in layer.parameters()]]

    assert_same_script(run, tolerance=1e-4)


def test_packing_and_padding():
    def run(library):
        rnn, x = library.nn.utils.rnn, padded(library)
        found = []
        for options in ({}, {"batch_first": True}):
            given = x.transpose(0, 1) if options else x
            packed = rnn.pack_padded_sequence(given, library.tensor(LENGTHS), enforce_sorted=False, **options)
            found.append(list(packed))
            found.append(rnn.pad_packed_sequence(packed, total_length=7, **options))
        ordered = rnn.pack_padded_sequence(x, [5, 4, 4, 1])
        found.append([ordered.data, ordered.batch_sizes, ordered.sorted_indices is None, ordered.is_cuda])
        sequences = tensors(library, [array(3, 2), array(1, 2, seed=1), array(2, 2, seed=2)])
        packed = rnn.pack_sequence(sequences, enforce_sorted=False)
        found += [list(packed), rnn.unpack_sequence(packed), rnn.invert_permutation(library.tensor([2, 0, 1]))]
        found.append([packed.double().data.dtype, packed.to(library.float64).data, packed.cpu() is packed])
        return found

    assert_same_script(run)


CELLS = {
    "RNNCell": lambda nn: nn.RNNCell(4, 6),
    "RNNCell relu": lambda nn: nn.RNNCell(4, 6, bias=False, nonlinearity="relu"),
    "GRUCell": lambda nn: nn.GRUCell(4, 6),
    "LSTMCell": lambda nn: nn.LSTMCell(4, 6),
    "LSTMCell without bias": lambda nn: nn.LSTMCell(4, 6, bias=False),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_computes_what_pytorch_computes(name):
    def run(library):
        cell = drawn(library, CELLS[name])
        x, h, c = tensors(library, [array(3, 4), array(3, 6, seed=1), array(3, 6, seed=2)], requires_grad=True)
        found = [repr(cell), list(cell.state_dict())]
        for given in (None, (h, c) if "LSTM" in name else h):
            result = cell(x, given)
            parts = result if isinstance(result, tuple) else (result,)
            pull_back(library, parts)
            found += [parts, x.grad, h.grad, c.grad]
        alone = cell(x[0], (h[0], c[0]) if "LSTM" in name else h[0])
        return [found, [p.grad for p in cell.parameters()], alone]

    assert_same_script(run, tolerance=1e-4)


def test_dropout_between_layers_in_training_only():
    layer = nn.LSTM(4, 6, 2, dropout=0.5)
    x = tt.tensor(SEQUENCE)
    assert not tt.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert_close(layer(x)[0], layer(x)[0])
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        nn.GRU(4, 6, dropout=0.5)


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_first_values_are_within_pytorchs_bound(name):
    tt.manual_seed(0)
    for p in getattr(nn, name)(30, 25).parameters():
        assert 0.15 < p.abs().max().item() <= 0.2
        assert abs(p.mean().item()) < 0.08


ERRORS = {
    "dimensions": lambda t, nn, F: nn.LSTM(2, 3)(t.ones(2)),
    "size": lambda t, nn, F: nn.GRU(2, 3)(t.ones(1, 1, 3)),
    "dtype": lambda t, nn, F: nn.RNN(2, 3)(t.ones(1, 1, 2, dtype=t.float64)),
    "hidden size": lambda t, nn, F: nn.RNN(2, 3)(t.ones(1, 1, 2), t.ones(1, 2, 3)),
    "hidden sizes": lambda t, nn, F: nn.LSTM(2, 3)(t.ones(1, 1, 2), (t.ones(1, 1, 3), t.ones(1, 1, 4))),
    "hidden dimensions": lambda t, nn, F: nn.RNN(2, 3)(t.ones(1, 1, 2), t.ones(1, 3)),
    "unbatched hidden dimensions": lambda t, nn, F: nn.LSTM(2, 3)(t.ones(1, 2), (t.ones(1, 1, 3), t.ones(1, 1, 3))),
    "nonlinearity": lambda t, nn, F: nn.RNN(2, 3, nonlinearity="sin"),
    "projection": lambda t, nn, F: nn.GRU(2, 3, proj_size=2),
    "large projection": lambda t, nn, F: nn.LSTM(2, 3, proj_size=3),
    "negative projection": lambda t, nn, F: nn.LSTM(2, 3, proj_size=-1),
    "dropout": lambda t, nn, F: nn.LSTM(2, 3, dropout=2),
    "bias": lambda t, nn, F: nn.LSTM(2, 3, bias=3),
    "input size": lambda t, nn, F: nn.LSTM(0, 3),
    "hidden size type": lambda t, nn, F: nn.LSTM(2, 3.0),
    "layers": lambda t, nn, F: nn.LSTM(2, 3, 0),
    "mode": lambda t, nn, F: nn.RNNBase("a", 2, 3),
    "cell dimensions": lambda t, nn, F: nn.LSTMCell(2, 3)(t.ones(1, 1, 2)),
    "cell hidden": lambda t, nn, F: nn.GRUCell(2, 3)(t.ones(1, 2), t.ones(1, 1, 3)),
    "cell hiddens": lambda t, nn, F: nn.LSTMCell(2, 3)(t.ones(1, 2), (t.ones(1, 3), t.ones(1, 1, 3))),
    "cell nonlinearity": lambda t, nn, F: nn.RNNCell(2, 3, nonlinearity="sin")(t.ones(1, 2)),
    "unsorted": lambda t, nn, F: nn.utils.rnn.pack_padded_sequence(t.ones(3, 2), [1, 3]),
    "lengths": lambda t, nn, F: nn.utils.rnn.pack_padded_sequence(t.ones(3, 2), [3]),
    "no length": lambda t, nn, F: nn.utils.rnn.pack_padded_sequence(t.ones(3, 2), [3, 0]),
    "total length": lambda t, nn, F: nn.utils.rnn.pad_packed_sequence(
        nn.utils.rnn.pack_sequence([t.ones(3)]), total_length=2
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    assert_same_error(ERRORS[name])


def test_a_packed_sequence_of_tuples_and_its_parts():
    for library, side in SIDES:
        packed = side.utils.rnn.pack_sequence([library.ones(3), library.ones(1)])
        again = side.utils.rnn.PackedSequence((packed.data, packed.batch_sizes))
        assert again.batch_sizes.tolist() == [2, 1, 1]
    assert packed.data.tolist() == [1, 1, 1, 1]


def test_a_network_runs_on_a_worker_without_waiting(session):
    from tests.training.test_cost import Cost

    layer, x = nn.LSTM(4, 6, 2, bidirectional=True, batch_first=True), tt.tensor(SEQUENCE)
    cost = Cost(session)
    layer(x)[0].sum().backward()
    assert cost.round_trips == 0
