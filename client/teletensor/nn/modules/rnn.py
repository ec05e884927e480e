"""`torch.nn.modules.rnn`."""

from teletensor.nn.rnn import GRU, LSTM, RNN, RNNBase
from teletensor.nn.rnn_cells import GRUCell, LSTMCell, RNNCell, RNNCellBase

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]
