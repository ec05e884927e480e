"""Every schedule against PyTorch's, step by step: rates, momenta, state, warnings and refusals."""

import copy

import pytest
import teletensor as tt

from tests.replay import ask, assert_alike, attempt, plain

STEPS = 25


def _sequence(s, o):
    first = s.ConstantLR(o, factor=0.1, total_iters=4)
    return s.SequentialLR(o, [first, s.ExponentialLR(o, gamma=0.9), s.StepLR(o, 3)], milestones=[5, 12])


def _warm_up(s, o):
    rise, fall = s.LinearLR(o, start_factor=0.01, total_iters=5), s.CosineAnnealingLR(o, T_max=15, eta_min=1e-4)
    return s.SequentialLR(o, [rise, fall], milestones=[5])


class Halve:
    """A function with a state."""

    def __init__(self):
        self.scale = 2.0

    def __call__(self, epoch):
        return 1 / (self.scale + epoch)


SCHEDULES = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 0.95**epoch),
    "LambdaLR of two": lambda s, o: s.LambdaLR(o, [lambda epoch: epoch / 10, Halve()]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.9 + 0.1 / epoch),
    "StepLR": lambda s, o: s.StepLR(o, step_size=4, gamma=0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, milestones=[3, 8, 8, 15], gamma=0.3),
    "ConstantLR": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=6),
    "LinearLR": lambda s, o: s.LinearLR(o, start_factor=0.2, end_factor=0.7, total_iters=9),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, gamma=0.8),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, total_iters=12, power=1.7),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, T_max=8, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.001),
    "CyclicLR": lambda s, o: s.CyclicLR(o, base_lr=0.001, max_lr=0.1, step_size_up=4, step_size_down=7),
    "CyclicLR triangular2": lambda s, o: s.CyclicLR(o, [0.001, 0.01], [0.1, 0.2], 5, mode="triangular2"),
    "CyclicLR exp_range": lambda s, o: s.CyclicLR(o, 0.001, 0.1, 5, mode="exp_range", gamma=0.9, cycle_momentum=False),
    "CyclicLR custom": lambda s, o: s.CyclicLR(o, 0.001, 0.1, 5, scale_fn=Halve(), scale_mode="iterations"),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, max_lr=0.5, total_steps=STEPS),
    "OneCycleLR three phases": lambda s, o: s.OneCycleLR(
        o, [0.5, 0.2], epochs=6, steps_per_epoch=5, three_phase=True, anneal_strategy="linear", pct_start=0.2
    ),
    "SequentialLR": _sequence,
    "SequentialLR warming up": _warm_up,
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9)]),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o, patience=2, cooldown=1, factor=0.5, min_lr=[0.01, 0.002]),
    "ReduceLROnPlateau max": lambda s, o: s.ReduceLROnPlateau(
        o, mode="max", threshold_mode="abs", threshold=0.1, patience=1
    ),
    "ReduceLROnPlateau negative": lambda s, o: s.ReduceLROnPlateau(o, threshold=0.2, patience=1),
}
METRICS = [3.0, 2.5, 2.4999, 2.6, 2.55, 2.7, 1.0, 1.0, 1.0, 1.0, 1.0, -0.5, -0.6, -0.55, 0.2] * 2


def optimizer(library, kind="SGD"):
    parameters = [library.ones(2, requires_grad=True) for _ in range(3)]
    groups = [{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.03}]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(library.optim, kind)(groups, lr=0.2, **options)


def advance(scheduler, optimizer, steps, start=0):
    """The rates and momenta after each step."""
    seen = []
    for step in range(start, start + steps):
        optimizer.step()
        scheduler.step(*[METRICS[step]] if "Plateau" in type(scheduler).__name__ else [])
        momenta = [group["momentum"] if "momentum" in group else group["betas"] for group in optimizer.param_groups]
        seen.append([list(scheduler.get_last_lr()), [group["lr"] for group in optimizer.param_groups], momenta])
    return seen


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_pytorchs_step_by_step(name, kind):
    def run(library):
        o = optimizer(library, kind)
        scheduler = SCHEDULES[name](library.optim.lr_scheduler, o)
        start = [[group["lr"] for group in o.param_groups], scheduler.get_last_lr()]
        return [start, advance(scheduler, o, STEPS)]

    assert_alike(plain(run(tt)), ask(run, tolerance=1e-14), 1e-14)


def state(scheduler):
    """What is saved, without what only PyTorch's own bookkeeping needs."""
    private = {"_is_initial", "_get_lr_called_within_step", "_scale_fn_ref", "_step_count"}

    def public(value):
        if isinstance(value, dict):
            return {str(k): public(v) for k, v in sorted(value.items(), key=str) if k not in private}
        return [public(v) for v in value] if isinstance(value, (list, tuple)) else value

    return public(scheduler.state_dict())


@pytest.mark.parametrize("name", SCHEDULES)
def test_state_is_pytorchs_and_goes_on_where_it_stopped(name):
    def run(library):
        o = optimizer(library)
        scheduler = SCHEDULES[name](library.optim.lr_scheduler, o)
        advance(scheduler, o, 7)
        saved, saved_optimizer = copy.deepcopy(scheduler.state_dict()), copy.deepcopy(o.state_dict())
        again = optimizer(library)
        fresh = SCHEDULES[name](library.optim.lr_scheduler, again)
        again.load_state_dict(saved_optimizer)
        fresh.load_state_dict(saved)
        rest = advance(scheduler, o, 10, start=7)
        assert advance(fresh, again, 10, start=7) == rest
        return [state(scheduler), rest]

    assert_alike(plain(run(tt)), ask(run, tolerance=1e-14), 1e-14)


CLOSED = ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR"]


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize("name", [*CLOSED, "LambdaLR", "CosineAnnealingWarmRestarts"])
def test_an_epoch_can_be_named(name):
    def run(library):
        o = optimizer(library)
        scheduler = SCHEDULES[name](library.optim.lr_scheduler, o)
        o.step()
        seen = []
        for epoch in (3, 11, 0, 5):
            scheduler.step(epoch)
            seen.append(scheduler.get_last_lr())
        return seen

    assert_alike(plain(run(tt)), ask(run), 1e-14)


def test_naming_an_epoch_is_warned_of():
    o = optimizer(tt)
    scheduler = tt.optim.lr_scheduler.StepLR(o, 1)
    o.step()
    with pytest.warns(UserWarning, match=r"The epoch parameter in `scheduler.step\(\)`"):
        scheduler.step(3)


@pytest.mark.parametrize("name", ["StepLR", "CosineAnnealingLR", "ExponentialLR", "LinearLR", "PolynomialLR"])
def test_a_schedule_is_resumed_by_its_last_epoch(name):
    def run(library):
        o = optimizer(library)
        advance(SCHEDULES[name](library.optim.lr_scheduler, o), o, 5)
        schedule = type(SCHEDULES[name](library.optim.lr_scheduler, optimizer(library)))
        options = {"step_size": 4} if name == "StepLR" else {"T_max": 8} if "Cosine" in name else {}
        options |= {"gamma": 0.7} if name == "ExponentialLR" else {}
        again = schedule(o, last_epoch=4, **options)
        return [again.get_last_lr(), advance(again, o, 4)]

    assert_alike(plain(run(tt)), ask(run), 1e-14)


ERRORS = {
    "no optimiser": lambda t, s, o: s.StepLR(3, 1),
    "resumed without a start": lambda t, s, o: s.StepLR(o, 1, last_epoch=3),
    "functions": lambda t, s, o: s.LambdaLR(o, [lambda epoch: 1]),
    "no function": lambda t, s, o: s.MultiplicativeLR(o, 3),
    "constant factor": lambda t, s, o: s.ConstantLR(o, factor=2.0),
    "linear start": lambda t, s, o: s.LinearLR(o, start_factor=0.0),
    "linear end": lambda t, s, o: s.LinearLR(o, end_factor=2.0),
    "restarts": lambda t, s, o: s.CosineAnnealingWarmRestarts(o, T_0=0),
    "restart factor": lambda t, s, o: s.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=0),
    "restart floor": lambda t, s, o: s.CosineAnnealingWarmRestarts(o, T_0=2, eta_min="a"),
    "restart epoch": lambda t, s, o: s.CosineAnnealingWarmRestarts(o, T_0=2).step(-1),
    "cycle mode": lambda t, s, o: s.CyclicLR(o, 0.1, 1, mode="a"),
    "cycle rates": lambda t, s, o: s.CyclicLR(o, [0.1], 1),
    "cycle momentum": lambda t, s, o: s.CyclicLR(t.optim.Adagrad([t.ones(1, requires_grad=True)]), 0.1, 1),
    "one cycle steps": lambda t, s, o: s.OneCycleLR(o, 0.1),
    "one cycle total": lambda t, s, o: s.OneCycleLR(o, 0.1, total_steps=-1),
    "one cycle epochs": lambda t, s, o: s.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=1),
    "one cycle start": lambda t, s, o: s.OneCycleLR(o, 0.1, total_steps=5, pct_start=1),
    "one cycle shape": lambda t, s, o: s.OneCycleLR(o, 0.1, total_steps=5, anneal_strategy="a"),
    "one cycle too long": lambda t, s, o: advance(s.OneCycleLR(o, 0.1, total_steps=3), o, 5),
    "sequence of none": lambda t, s, o: s.SequentialLR(o, [], []),
    "sequence milestones": lambda t, s, o: s.SequentialLR(o, [s.StepLR(o, 1)], [1]),
    "sequence of plateaus": lambda t, s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []),
    "sequence of numbers": lambda t, s, o: s.SequentialLR(o, [3], []),
    "chain of none": lambda t, s, o: s.ChainedScheduler([]),
    "chain of plateaus": lambda t, s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
    "plateau factor": lambda t, s, o: s.ReduceLROnPlateau(o, factor=1.0),
    "plateau mode": lambda t, s, o: s.ReduceLROnPlateau(o, mode="a"),
    "plateau threshold": lambda t, s, o: s.ReduceLROnPlateau(o, threshold_mode="a"),
    "plateau floors": lambda t, s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    def run(library):
        return attempt(ERRORS[name], library, library.optim.lr_scheduler, optimizer(library))

    theirs = ask(run)
    assert "error" in theirs
    assert_alike(plain(run(tt)), theirs)


def test_stepping_before_the_optimiser_is_warned_of():
    o = optimizer(tt)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        tt.optim.lr_scheduler.StepLR(o, 1).step()


def test_an_optimiser_of_the_users_own_counts_its_steps():
    class Plain(tt.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.5})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.sub_(p.grad * group["lr"])

    p = tt.ones(2, requires_grad=True)
    o = Plain([p])
    scheduler = tt.optim.lr_scheduler.ExponentialLR(o, 0.5)
    for _ in range(2):
        o.zero_grad()
        p.sum().backward()
        o.step()
        scheduler.step()
    assert p.tolist() == [0.25, 0.25]


def test_get_lr_outside_of_a_step_is_warned_of():
    with pytest.warns(UserWarning, match="get_last_lr"):
        tt.optim.lr_scheduler.StepLR(optimizer(tt), 1).get_lr()
