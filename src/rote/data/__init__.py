"""Data sets: reading, checking and measuring labelled points."""

from rote.data.dataset import DataSet as DataSet
from rote.data.dataset import Problem as Problem
