"""Deep Q-learning on a grid of our own: replay memory, a target network, soft updates and the Huber loss."""

import copy
import random
from collections import deque, namedtuple

import torch
from seeded import fill
from torch import nn, optim

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
MOVES = ((0, 1), (0, -1), (1, 0), (-1, 0))


class Grid:
    def __init__(self, size=4):
        self.size = size

    def reset(self):
        self.place = (0, 0)
        return self.state()

    def state(self):
        return torch.tensor(self.place, dtype=torch.float32) / self.size

    def step(self, action):
        place = [p + m for p, m in zip(self.place, MOVES[action])]
        inside = all(0 <= p < self.size for p in place)
        self.place = tuple(place) if inside else self.place
        done = self.place == (self.size - 1, self.size - 1)
        return self.state(), 1.0 if done else -0.05, done


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


def optimize(policy, target, memory, optimizer, device):
    batch = Transition(*zip(*memory.sample(32)))
    non_final = torch.tensor([s is not None for s in batch.next_state], device=device, dtype=torch.bool)
    next_states = torch.stack([s for s in batch.next_state if s is not None])
    values = policy(torch.stack(batch.state)).gather(1, torch.cat(batch.action))
    next_values = torch.zeros(32, device=device)
    with torch.no_grad():
        next_values[non_final] = target(next_states).max(1).values
    expected = next_values * 0.9 + torch.cat(batch.reward)
    loss = nn.SmoothL1Loss()(values, expected.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy.parameters(), 100)
    optimizer.step()
    return loss


def main():
    random.seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    policy = fill(nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 4)), seed=21).to(device)
    target = copy.deepcopy(policy)
    target.load_state_dict(policy.state_dict())
    optimizer = optim.AdamW(policy.parameters(), lr=5e-3, amsgrad=True)
    env, memory, loss = Grid(), ReplayMemory(500), None
    for episode in range(12):
        state, total = env.reset().to(device), 0.0
        for _ in range(25):
            explore = random.random() < max(0.1, 0.9 - 0.08 * episode)
            with torch.no_grad():
                action = random.randrange(4) if explore else policy(state).argmax().item()
            after, reward, done = env.step(action)
            after = None if done else after.to(device)
            memory.push(state, torch.tensor([[action]], device=device), after, torch.tensor([reward], device=device))
            state, total = after, total + reward
            if len(memory) >= 32:
                loss = optimize(policy, target, memory, optimizer, device)
                weights = target.state_dict()
                for name, value in policy.state_dict().items():
                    weights[name] = value * 0.05 + weights[name] * 0.95
                target.load_state_dict(weights)
            if done:
                break
        if episode % 4 == 3:
            print(f"episode {episode}: reward {total:.2f}, loss {loss.item():.5f}")
    with torch.no_grad():
        print("values at the start", [round(v, 3) for v in policy(torch.zeros(2, device=device)).tolist()])


if __name__ == "__main__":
    main()
