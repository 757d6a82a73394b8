"""The whole loop on real servers: mailbox → rows → answer → digest, by the daemon as it is started in production."""

import email
import email.policy
import json

import pytest
from build_forms import individual_docx, unit_docx
from build_mails import mail
from build_pictures import as_jpeg, certificate, id_card_front
from build_service import Service, stop

from intake.demo.smtp_sink import SmtpSink

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
