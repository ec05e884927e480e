"""What tutorials, textbooks and research code write, and the reference manual hardly mentions."""


def _leaf(torch, *shape):
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(float(count)) * 7 % 5).reshape(shape).requires_grad_(True)


def _written(x, changed):
    changed.mul_(2.0).sum().backward()
    return [changed, x.grad]


def writing_on_dropped_elements(torch):
    x = _leaf(torch, 4)
    torch.nn.functional.dropout(x, 1.0, training=True).add_(1).sum().backward()
    return x.grad


def writing_on_pooled_elements(torch):
    pools = torch.nn.functional
    x = _leaf(torch, 1, 1, 4, 4)
    made = [
        _written(x, pools.max_pool2d(x, 2)),
        _written(x, pools.max_pool2d(x, 2, return_indices=True)[0]),
        _written(x, pools.adaptive_max_pool2d(x, 2)),
        _written(x, pools.max_pool1d(x[0, 0], 2)),
    ]
    return made


def relu_in_place_after_pooling(torch):
    nn = torch.nn
    x = _leaf(torch, 1, 1, 4, 4)
    nn.Sequential(nn.MaxPool2d(2), nn.ReLU(True))(x - 2).sum().backward()
    return x.grad


def writing_on_picked_elements(torch):
    x = _leaf(torch, 2, 3)
    return [
        _written(x, x.max(1)[0]),
        _written(x, x.min(1).values),
        _written(x, x.sort(1)[0]),
        _written(x, x.topk(2, 1)[0]),
        _written(x, x.median(1)[0]),
        _written(x, x.nanmedian(1)[0]),
        _written(x, x.mode(1)[0]),
        _written(x, x.kthvalue(2, 1)[0]),
        _written(x, x.cummax(1)[0]),
        _written(x, x.cummin(1)[0]),
    ]


def writing_on_results_that_no_rule_reads(torch):
    x = _leaf(torch, 3)
    square = torch.tensor([[3.0, 1.0], [0.0, 2.0]], requires_grad=True)
    return [
        _written(x, torch.std_mean(x)[1]),
        _written(x, torch.frexp(x + 1)[0]),
        _written(x, torch.logaddexp(x, 2 * x)),
        _written(square, torch.linalg.slogdet(square)[1]),
    ]


def writing_on_results_that_rules_read(torch):
    raised = []
    for results, at in ((torch.std_mean, 0), (torch.aminmax, 0), (torch.linalg.eigh, 1), (torch.linalg.svd, 1)):
        x = torch.tensor([[3.0, 1.0], [1.0, 2.0]], requires_grad=True)
        out = results(x)
        out[at].mul_(2)
        try:
            sum(part.sum() for part in out).backward()
            raised.append(float(x.grad.sum()))
        except RuntimeError as error:
            raised.append("in place" if "inplace" in str(error) else str(error))
    return raised
