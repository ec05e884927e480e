"""REINFORCE with a baseline on a corridor of our own: Categorical's log_prob and entropy, discounted returns."""

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from seeded import fill
from torch.distributions import Categorical


class Corridor:
    """Walk from the middle to the right end; the left end ends the episode with nothing."""

    def __init__(self, length=7):
        self.length = length

    def reset(self):
        self.place = self.length // 2
        return self._seen()

    def step(self, action):
        self.place += 1 if action == 1 else -1
        done = self.place in (0, self.length - 1)
        return self._seen(), (1.0 if self.place == self.length - 1 else -0.02), done

    def _seen(self):
        seen = np.zeros(self.length, dtype=np.float32)
        seen[self.place] = 1
        return seen


class Policy(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.affine = nn.Linear(inputs, 16)
        self.action_head, self.value_head = nn.Linear(16, 2), nn.Linear(16, 1)

    def forward(self, x):
        x = torch.relu(self.affine(x))
        return torch.softmax(self.action_head(x), dim=-1), self.value_head(x)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rng = np.random.default_rng(0)
    env, policy = Corridor(), fill(Policy(7), seed=20).to(device)
    optimizer = optim.Adam(policy.parameters(), lr=1e-2)
    running = 0.0
    for episode in range(60):
        state, log_probs, values, rewards, entropies, done = env.reset(), [], [], [], [], False
        while not done and len(rewards) < 30:
            probs, value = policy(torch.from_numpy(state).unsqueeze(0).to(device))
            m = Categorical(probs)
            action = torch.tensor([int(rng.random() < probs[0, 1].item())], device=device)
            state, reward, done = env.step(action.item())
            log_probs.append(m.log_prob(action))
            entropies.append(m.entropy())
            values.append(value)
            rewards.append(reward)
        returns, R = [], 0.0
        for reward in rewards[::-1]:
            R = reward + 0.97 * R
            returns.insert(0, R)
        returns = torch.tensor(returns, device=device)
        values = torch.cat(values).squeeze(-1)
        advantage = returns - values.detach()
        policy_loss = -(torch.cat(log_probs) * advantage).sum() - 0.01 * torch.cat(entropies).sum()
        loss = policy_loss + nn.functional.smooth_l1_loss(values, returns, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running = 0.1 * sum(rewards) + 0.9 * running
        if episode % 20 == 19:
            print(f"episode {episode + 1}: running reward {running:.3f}, loss {loss.item():.4f}")
    with torch.no_grad():
        probs, _ = policy(torch.eye(7, device=device))
    print("right:", [round(p, 3) for p in probs[1:6, 1].tolist()])


if __name__ == "__main__":
    main()
