"""Every optimiser with every option, against PyTorch: losses and parameters over 50 steps, and the state it leaves."""

import numpy as np
import pytest
import teletensor as tt

from tests.replay import ask, assert_alike, plain

STEPS = 50
TOLERANCE = {"float64": 1e-11, "float32": 2e-5}

OPTIMIZERS = {
    "SGD": lambda o, p: o.SGD(p, lr=0.05),
    "SGD defaults": lambda o, p: o.SGD(p),
    "SGD decay": lambda o, p: o.SGD(p, lr=0.05, weight_decay=0.1),
    "SGD momentum": lambda o, p: o.SGD(p, lr=0.02, momentum=0.9),
    "SGD dampening": lambda o, p: o.SGD(p, lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.01),
    "SGD nesterov": lambda o, p: o.SGD(p, lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.01),
    "SGD maximize": lambda o, p: o.SGD(p, lr=0.001, momentum=0.5, maximize=True),
    "Adam": lambda o, p: o.Adam(p, lr=0.01),
    "Adam options": lambda o, p: o.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1),
    "Adam amsgrad": lambda o, p: o.Adam(p, lr=0.02, amsgrad=True, betas=(0.5, 0.6)),
    "Adam maximize": lambda o, p: o.Adam(p, lr=0.001, maximize=True, weight_decay=0.1),
    "AdamW": lambda o, p: o.AdamW(p, lr=0.01),
    "AdamW options": lambda o, p: o.AdamW(p, lr=0.01, weight_decay=0.3, amsgrad=True, maximize=True),
    "RMSprop": lambda o, p: o.RMSprop(p, lr=0.005),
    "RMSprop centered": lambda o, p: o.RMSprop(p, lr=0.002, centered=True, alpha=0.9, eps=1e-3),
    "RMSprop momentum": lambda o, p: o.RMSprop(p, lr=0.002, momentum=0.7, weight_decay=0.05),
    "RMSprop maximize": lambda o, p: o.RMSprop(p, lr=0.001, maximize=True, momentum=0.3, centered=True),
    "Adagrad": lambda o, p: o.Adagrad(p, lr=0.05),
    "Adagrad options": lambda o, p: o.Adagrad(
        p, lr=0.05, lr_decay=0.1, weight_decay=0.05, initial_accumulator_value=0.2, eps=1e-3
    ),
    "Adagrad maximize": lambda o, p: o.Adagrad(p, lr=0.01, maximize=True),
    "Adadelta": lambda o, p: o.Adadelta(p),
    "Adadelta options": lambda o, p: o.Adadelta(p, lr=0.05, rho=0.8, eps=1e-3, weight_decay=0.1, maximize=True),
    "Adamax": lambda o, p: o.Adamax(p, lr=0.01),
    "Adamax options": lambda o, p: o.Adamax(p, lr=0.01, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1, maximize=True),
    "NAdam": lambda o, p: o.NAdam(p, lr=0.01),
    "NAdam options": lambda o, p: o.NAdam(
        p, lr=0.01, weight_decay=0.1, momentum_decay=0.1, decoupled_weight_decay=True, maximize=True
    ),
    "RAdam": lambda o, p: o.RAdam(p, lr=0.02),
    "RAdam options": lambda o, p: o.RAdam(p, lr=0.01, betas=(0.8, 0.9), weight_decay=0.1, decoupled_weight_decay=True),
}


class Problem:
    """A small regression whose parameters are the same in both libraries."""

    def __init__(self, library, dtype="float64"):
        self.library, self.dtype = library, getattr(library, dtype)
        random = np.random.RandomState(0)
        self.inputs, self.targets = (
            self.tensor(random.standard_normal((12, 4))),
            self.tensor(random.standard_normal(12)),
        )
        self.parameters = [self.tensor(random.standard_normal(shape) * 0.5) for shape in ((4, 5), (5,), (5,))]
        for p in self.parameters:
            p.requires_grad_(True)

    def tensor(self, values):
        return self.library.tensor(values, dtype=self.dtype)

    def loss(self):
        hidden, bias, out = self.parameters
        return ((self.library.tanh(self.inputs @ hidden + bias) @ out - self.targets) ** 2).mean()

    def run(self, optimizer, steps=STEPS):
        """The losses before each step."""
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = self.loss()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_pytorchs(name, dtype):
    def run(library):
        problem = Problem(library, dtype)
        optimizer = OPTIMIZERS[name](library.optim, problem.parameters)
        return [problem.run(optimizer), problem.parameters, optimizer.state_dict()]

    theirs = ask(run, tolerance=TOLERANCE[dtype])
    assert_alike(plain(run(tt)), theirs, TOLERANCE[dtype])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimiser_looks_like_pytorchs(name):
    def run(library):
        optimizer = OPTIMIZERS[name](library.optim, Problem(library).parameters)
        return [
            repr(optimizer),
            list(optimizer.defaults),
            {k: v for k, v in optimizer.defaults.items() if k != "betas"},
        ]

    assert_alike(plain(run(tt)), ask(run))


def test_parameters_join_and_leave_and_keep_their_own_count():
    """A parameter without a gradient takes no step, and later ones count from their own first."""

    def run(library, name):
        problem = Problem(library)
        late = problem.parameters.pop()
        optimizer = OPTIMIZERS[name](library.optim, problem.parameters)
        problem.parameters.append(late)
        problem.run(optimizer, 3)
        optimizer.add_param_group({"params": [late], "lr": 0.001})
        problem.parameters[0].requires_grad_(False)
        problem.parameters[0].grad = None
        losses = problem.run(optimizer, 4)
        return [losses, problem.parameters, optimizer.state_dict()]

    for name in ("SGD nesterov", "Adam amsgrad", "RMSprop momentum", "Adagrad", "NAdam"):
        assert_alike(plain(run(tt, name)), ask(run, name), 1e-11)


def test_groups_have_options_of_their_own():
    def run(library):
        problem = Problem(library)
        a, b, c = problem.parameters
        groups = [{"params": [a], "lr": 0.1}, {"params": [b, c], "weight_decay": 0.3, "betas": (0.5, 0.9)}]
        optimizer = library.optim.AdamW(groups, lr=0.01)
        return [problem.run(optimizer, 10), problem.parameters, optimizer.state_dict(), repr(optimizer)]

    assert_alike(plain(run(tt)), ask(run), 1e-11)


def test_a_closure_is_called_with_gradients_on_and_its_loss_comes_back():
    def run(library):
        problem = Problem(library)
        optimizer = library.optim.SGD(problem.parameters, lr=0.1)

        def closure():
            optimizer.zero_grad()
            loss = problem.loss()
            loss.backward()
            return loss

        with library.no_grad():
            return [optimizer.step(closure).item() for _ in range(5)]

    assert_alike(plain(run(tt)), ask(run), 1e-11)


@pytest.mark.parametrize("options", [{}, {"line_search_fn": "strong_wolfe"}, {"history_size": 2, "max_iter": 7}])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_lbfgs_takes_pytorchs_steps(options, dtype):
    def run(library):
        problem = Problem(library, dtype)
        optimizer = library.optim.LBFGS(problem.parameters, lr=0.5, **options)
        calls = []

        def closure():
            optimizer.zero_grad()
            loss = problem.loss()
            loss.backward()
            calls.append(1)
            return loss

        losses = [optimizer.step(closure).item() for _ in range(2 if dtype == "float32" else 4)]
        state = next(iter(optimizer.state.values()))
        return [losses, len(calls), state["func_evals"], state["n_iter"], problem.parameters]

    tolerance = {"float64": 1e-6, "float32": 1e-3}[dtype]
    theirs = ask(run, tolerance=tolerance)
    assert_alike(plain(run(tt)), theirs, tolerance)


def test_lbfgs_searches_anew_along_each_direction():
    def run(library):
        x = library.tensor([-1.5, 2.0], dtype=library.float64, requires_grad=True)
        optimizer = library.optim.LBFGS([x], lr=1, max_iter=6, line_search_fn="strong_wolfe")
        calls = []

        def closure():
            optimizer.zero_grad()
            loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
            loss.backward()
            calls.append(1)
            return loss

        return [[optimizer.step(closure).item(), len(calls)] for _ in range(6)] + [x]

    assert_alike(plain(run(tt)), ask(run), 1e-6)


def test_a_learning_rate_may_be_a_tensor():
    def run(library):
        problem = Problem(library)
        optimizer = library.optim.Adam(problem.parameters, lr=library.tensor(0.05, dtype=library.float64))
        return [problem.run(optimizer, 5), problem.parameters]

    assert_alike(plain(run(tt)), ask(run), 1e-11)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_parameter_without_dimensions_steps_as_one_with(name):
    found = []
    for shape in ((), (1,)):
        parameter = tt.full(shape, 1.5, requires_grad=True)
        optimizer = OPTIMIZERS[name](tt.optim, [parameter])
        for _ in range(3):
            optimizer.zero_grad()
            (parameter.sin() * 2).sum().backward()
            optimizer.step()
        found.append(parameter.item())
    assert found[0] == found[1] != 1.5
