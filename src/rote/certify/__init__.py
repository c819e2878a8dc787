"""Certificates: proofs that a network is right on a data set, made from these two alone."""

from rote.certify.certificate import DEFINITIONS as DEFINITIONS
from rote.certify.certificate import Certificate as Certificate
from rote.certify.certificate import Claim as Claim
from rote.certify.certificate import Failures as Failures
from rote.certify.verify import verify as verify
