"""What is saved is what is loaded, in either format, from and to anywhere."""

import io
from collections import OrderedDict

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn

from tests.serialization.objects import PLAIN, same, tensors, torch_things
from tests.training.test_cost import Cost

FORMATS = ["model.safetensors", "model.pt"]


def again(obj, path, **options):
    tt.save(obj, path)
    return tt.load(path, **options)


@pytest.mark.parametrize("form", FORMATS)
def test_tensors_of_every_dtype_and_layout(form, tmp_path):
    same(again(tensors(), tmp_path / form), tensors())


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", [*PLAIN, *torch_things()])
def test_plain_values(form, name, tmp_path):
    value = {**PLAIN, **torch_things()}[name]
    found = again(value, tmp_path / form)
    if name == "numbers of NumPy":
        value = [x.item() for x in value]
    same(found, value)


def test_a_file_object_and_what_follows_in_it():
    buffer = io.BytesIO()
    buffer.write(b"before")
    tt.save({"x": tt.ones(2)}, buffer)
    buffer.seek(6)
    assert tt.load(buffer)["x"].tolist() == [1, 1]


def test_a_file_that_can_only_be_read_once():
    class Pipe(io.RawIOBase):
        def __init__(self, data):
            self.inner = io.BytesIO(data)

        def readable(self):
            return True

        def seekable(self):
            return False

        def read(self, size=-1):
            return self.inner.read(size)

    buffer = io.BytesIO()
    tt.save({"x": tt.ones(2)}, buffer)
    assert tt.load(Pipe(buffer.getvalue()))["x"].tolist() == [1, 1]


@pytest.mark.parametrize("form", FORMATS)
def test_names_that_would_meet_in_one_place_stay_apart(form, tmp_path):
    obj = {
        "a.b": tt.ones(1),
        "a": {"b": tt.zeros(1)},
        1: tt.full((1,), 2.0),
        "1": tt.full((1,), 3.0),
        "__metadata__": tt.ones(2),
    }
    same(again(obj, tmp_path / form), obj)


@pytest.mark.parametrize("form", FORMATS)
def test_a_tensor_by_itself(form, tmp_path):
    assert again(tt.arange(3), tmp_path / form).tolist() == [0, 1, 2]


@pytest.mark.parametrize("form", FORMATS)
def test_a_state_dict_keeps_its_versions_and_loads(form, tmp_path):
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    state = again(model.state_dict(), tmp_path / form)
    same(state, model.state_dict())
    assert state._metadata["1"] == {"version": 2}
    assert nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).load_state_dict(state) == ([], [])


def test_loaded_tensors_are_their_own(tmp_path):
    x = tt.zeros(2)
    found = again([x, x], tmp_path / "x.pt")
    found[0].add_(1)
    assert x.tolist() == [0, 0]
    assert found[1].tolist() == [0, 0]


REFUSED = {
    "a module": (lambda: nn.Linear(1, 1), "save its state_dict"),
    "an optimiser": (lambda: {"o": tt.optim.SGD([tt.ones(1, requires_grad=True)])}, "at o; save its state_dict"),
    "a function": (lambda: [1, {"f": print}], r"at 1\.f"),
    "an array": (lambda: [np.ones(2)], "from_numpy"),
    "an object as key": (
        lambda: {"a": {object: 1}},
        "dict keys must be numbers, text or tuples of them, found type in a",
    ),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_saved_is_refused_and_named(name, form, tmp_path):
    make, message = REFUSED[name]
    with pytest.raises(TypeError, match=message):
        tt.save(make(), tmp_path / form)
    assert not list(tmp_path.iterdir())


def test_containers_without_end_are_refused(tmp_path):
    endless = []
    endless.append(endless)
    with pytest.raises(TypeError, match="nested more than"):
        tt.save(endless, tmp_path / "x.pt")


# -- places ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_saving_from_a_worker_waits_once_and_loading_to_it_never(form, session, tmp_path):
    model = nn.Sequential(*[nn.Linear(50, 50) for _ in range(20)])
    cost = Cost(session)
    tt.save({"model": model.state_dict(), "more": [tt.ones(3)]}, tmp_path / form)
    assert cost.round_trips == 1
    cost = Cost(session)
    found = tt.load(tmp_path / form)
    model.load_state_dict(found["model"])
    assert cost.round_trips == 0
    assert {x.device.type for x in found["model"].values()} == {"remote"}


@pytest.mark.parametrize("form", FORMATS)
def test_tensors_go_back_where_they_were_or_here(form, worker, tmp_path):
    with tt.connect(worker.grpc, token=worker.token):
        tt.save({"x": tt.ones(2), "y": tt.ones(2, device="cpu")}, tmp_path / form)
        found = tt.load(tmp_path / form)
        assert [x.device.type for x in found.values()] == ["remote", "cpu"]
    assert [x.device.type for x in tt.load(tmp_path / form).values()] == ["cpu", "cpu"]


MAPS = {
    "a name": ("cpu", ["cpu", "cpu"]),
    "a device": (tt.device("remote"), ["remote", "remote"]),
    "a dict": ({"remote": "cpu", "cpu": "remote"}, ["cpu", "remote"]),
    "half a dict": ({"cpu": "remote"}, ["remote", "remote"]),
    "the identity": (lambda x, place: x, ["cpu", "cpu"]),
    "a function": (lambda x, place: x.to("remote") if place == "cpu" else x, ["cpu", "remote"]),
    "no opinion": (lambda x, place: None, ["remote", "cpu"]),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", MAPS)
def test_map_location(name, form, session, tmp_path):
    tt.save({"x": tt.ones(2), "y": tt.ones(2, device="cpu")}, tmp_path / form)
    wanted, places = MAPS[name]
    found = tt.load(tmp_path / form, map_location=wanted)
    assert [x.device.type for x in found.values()] == places
    assert [x.tolist() for x in found.values()] == [[1, 1], [1, 1]]


def test_map_location_must_be_a_place_that_exists(tmp_path):
    tt.save(tt.ones(1), tmp_path / "x.pt")
    with pytest.raises(RuntimeError, match="no connected worker"):
        tt.load(tmp_path / "x.pt", map_location="cuda")
    with pytest.raises(TypeError, match="map_location returned int"):
        tt.load(tmp_path / "x.pt", map_location=lambda x, place: 3)


# -- resuming ----------------------------------------------------------------------------------------------------------


class Training:
    """A model, an optimiser and a schedule, with dropout: what a checkpoint has to bring back."""

    def __init__(self):
        tt.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1))
        self.optimizer = tt.optim.AdamW(self.model.parameters(), lr=0.1)
        self.schedule = tt.optim.lr_scheduler.MultiStepLR(self.optimizer, [2, 4])
        self.inputs = tt.tensor(np.random.RandomState(0).standard_normal((16, 4)), dtype=tt.float32)

    def run(self, steps):
        losses = []
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss = self.model(self.inputs).square().mean()
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            losses.append(loss.item())
        return losses

    def parts(self):
        return {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}

    def save(self, path):
        states = {name: part.state_dict() for name, part in self.parts().items()}
        tt.save({**states, "rng": tt.get_rng_state(), "epoch": 3}, path)

    def load(self, path):
        found = tt.load(path)
        for name, part in self.parts().items():
            part.load_state_dict(found[name])
        tt.set_rng_state(found["rng"])
        assert found["epoch"] == 3


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("place", ["cpu", "remote"])
def test_training_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(place, form, session, tmp_path):
    with tt.device(place):
        expected = Training().run(6)
        first = Training()
        assert first.run(3) == expected[:3]
        first.save(tmp_path / form)
        second = Training()
        second.run(1)
        second.load(tmp_path / form)
        assert second.run(3) == expected[3:]


def test_a_dict_that_is_no_state_dict_keeps_its_type(tmp_path):
    found = again({"a": OrderedDict(x=tt.ones(1)), "b": {"x": tt.ones(1)}}, tmp_path / "x.pt")
    assert type(found["a"]) is OrderedDict
    assert type(found["b"]) is dict
