"""A decoder with rotary positions and grouped queries: trained, then generating with a cache of keys and by beams."""

import math

import torch
import torch.nn.functional as F
from seeded import integers, normal
from torch import nn

DIM, HEADS, KV_HEADS, VOCAB, MAX_LEN = 32, 4, 2, 24, 32


def precompute_freqs_cis(dim: int, end: int, theta: float = 10000.0):
    freqs = 1.0 / (theta ** (torch.arange(0, dim, 2)[: (dim // 2)].float() / dim))
    freqs = torch.outer(torch.arange(end), freqs).float()
    return torch.polar(torch.ones_like(freqs), freqs)


def apply_rotary_emb(x, freqs_cis):
    x_ = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(x_ * freqs_cis.view(1, x.shape[1], 1, -1)).flatten(3).type_as(x)


def repeat_kv(x, n_rep):
    bs, slen, n_kv_heads, head_dim = x.shape
    return x[:, :, :, None, :].expand(bs, slen, n_kv_heads, n_rep, head_dim).reshape(bs, slen, -1, head_dim)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.head_dim = DIM // HEADS
        self.wq, self.wo = nn.Linear(DIM, DIM, bias=False), nn.Linear(DIM, DIM, bias=False)
        self.wk, self.wv = (nn.Linear(DIM, KV_HEADS * self.head_dim, bias=False) for _ in range(2))
        mask = torch.triu(torch.full((1, 1, MAX_LEN, MAX_LEN), float("-inf")), diagonal=1)
        self.register_buffer("mask", mask, persistent=False)
        self.cache_k = self.cache_v = None

    def forward(self, x, start_pos, freqs_cis, use_cache):
        b, s, _ = x.shape
        q = self.wq(x).view(b, s, HEADS, self.head_dim)
        k, v = (w(x).view(b, s, KV_HEADS, self.head_dim) for w in (self.wk, self.wv))
        q, k = apply_rotary_emb(q, freqs_cis), apply_rotary_emb(k, freqs_cis)
        if use_cache:
            if start_pos == 0:
                self.cache_k, self.cache_v = (x.new_zeros(b, MAX_LEN, KV_HEADS, self.head_dim) for _ in range(2))
            self.cache_k[:b, start_pos : start_pos + s] = k
            self.cache_v[:b, start_pos : start_pos + s] = v
            k, v = self.cache_k[:b, : start_pos + s], self.cache_v[:b, : start_pos + s]
        k, v = repeat_kv(k, HEADS // KV_HEADS), repeat_kv(v, HEADS // KV_HEADS)
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        scores = q @ k.transpose(2, 3) / math.sqrt(self.head_dim)
        scores = scores + self.mask[:, :, start_pos : start_pos + s, : start_pos + s]
        out = F.softmax(scores.float(), dim=-1).type_as(q) @ v
        return self.wo(out.transpose(1, 2).contiguous().view(b, s, -1))


class Transformer(nn.Module):
    def __init__(self, n_layers=2):
        super().__init__()
        self.tok_embeddings = nn.Embedding(VOCAB, DIM)
        self.layers = nn.ModuleList()
        for _ in range(n_layers):
            layer = nn.Module()
            layer.attention = Attention()
            layer.w1, layer.w3 = nn.Linear(DIM, 64, bias=False), nn.Linear(DIM, 64, bias=False)
            layer.w2 = nn.Linear(64, DIM, bias=False)
            layer.norm1, layer.norm2 = nn.RMSNorm(DIM, eps=1e-5), nn.RMSNorm(DIM, eps=1e-5)
            self.layers.append(layer)
        self.norm = nn.RMSNorm(DIM, eps=1e-5)
        self.output = nn.Linear(DIM, VOCAB, bias=False)
        self.tok_embeddings.weight = self.output.weight
        self.register_buffer("freqs_cis", precompute_freqs_cis(DIM // HEADS, MAX_LEN), persistent=False)

    def forward(self, tokens, start_pos=0, use_cache=False):
        h = self.tok_embeddings(tokens)
        freqs_cis = self.freqs_cis[start_pos : start_pos + tokens.shape[1]]
        for layer in self.layers:
            h = h + layer.attention(layer.norm1(h), start_pos, freqs_cis, use_cache)
            x = layer.norm2(h)
            h = h + layer.w2(F.silu(layer.w1(x)) * layer.w3(x))
        return self.output(self.norm(h))


def filtered(logits, top_k, top_p):
    logits[logits < torch.topk(logits, top_k)[0][..., -1, None]] = -float("Inf")
    sorted_logits, sorted_indices = torch.sort(logits, descending=True)
    remove = torch.cumsum(F.softmax(sorted_logits, dim=-1), dim=-1) > top_p
    remove[..., 1:] = remove[..., :-1].clone()
    remove[..., 0] = 0
    logits[remove.scatter(1, sorted_indices, remove)] = -float("Inf")
    return logits


@torch.inference_mode()
def beams(model, prompt, width, count):
    seqs, scores = prompt.repeat(width, 1), torch.tensor([0.0] + [-1e9] * (width - 1), device=prompt.device)
    for _ in range(count):
        scores, flat = (F.log_softmax(model(seqs)[:, -1], -1) + scores[:, None]).view(-1).topk(width)
        seqs = torch.cat([seqs[torch.div(flat, VOCAB, rounding_mode="floor")], (flat % VOCAB).unsqueeze(-1)], -1)
    return seqs, scores


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = Transformer()
    for i, p in enumerate(model.parameters()):
        if p.dim() > 1:
            p.data = normal(*p.shape, seed=i, std=0.1)
    model.to(device)
    tokens = integers(VOCAB, 2, 12, seed=1).repeat(1, 2).to(device)
    decay = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95))
    for step in range(16):
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.view(-1, VOCAB), tokens[:, 1:].reshape(-1), ignore_index=-1)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 4 == 3:
            print(f"{step} | loss {loss.item():.4f}")
    model.eval()
    fast = slow = current = tokens[:1, :12]
    position = 0
    with torch.no_grad():
        for _ in range(6):
            logits = model(current, position, use_cache=True)[:, -1]
            position += current.size(1)
            current = logits.argmax(-1, keepdim=True)
            fast = torch.cat((fast, current), dim=1)
            slow = torch.cat((slow, model(slow)[:, -1].argmax(-1, keepdim=True)), dim=1)
    print(fast[0, 12:].tolist(), torch.equal(fast, slow))
    print("left to draw from:", torch.isfinite(filtered(logits.clone(), top_k=10, top_p=0.95)).sum().item())
    seqs, scores = beams(model, tokens[:1, :12], width=3, count=4)
    print(seqs[:, 12:].tolist(), " ".join(f"{s:.3f}" for s in scores.tolist()))


if __name__ == "__main__":
    main()
