"""What a workbook hides: on the office's own disk the ID numbers, in a mail everything that the digest hides too."""

import re
from dataclasses import dataclass

from intake.office.attention import masked_address, masked_telephone
from intake.office.story import masked_field
from rules.values import mask_id, mask_personal

#: text without a digit or an @ holds no number and no address: most cells of a large register need no look at all
_SUSPECT = re.compile(r"[@\d]")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Masking:
    """Which personal data a workbook hides."""

    #: ID numbers in their own columns, and in the reasons why a person must look
    id_numbers: bool = True
    #: numbers in the columns of telephones
    telephones: bool = False
    #: e-mail addresses, and every number that stands in a text
    texts: bool = False

    def id_number(self, name: str, number: str) -> str:
        """The value of an ID number's column."""
        return masked_field(name, number) if self.id_numbers else number

    def registrant_number(self, number: str | None) -> str | None:
        """The ID number by which a person is registered."""
        return mask_id(number) if number and self.id_numbers else number

    def telephone(self, number: str | None) -> str | None:
        """A telephone number, written well or not."""
        return masked_telephone(str(number)) if number and self.telephones else number

    def address(self, address: str | None) -> str | None:
        """An e-mail address."""
        return masked_address(address) if address and self.texts else address

    def reasons(self, text: str) -> str:
        """Sentences of our own, which may quote an ID number."""
        return mask_personal(text) if self.id_numbers else text

    def text(self, value):
        """Whatever somebody wrote; what is no text comes back as it is."""
        if not self.texts or not isinstance(value, str) or not _SUSPECT.search(value):
            return value
        return mask_personal(_ADDRESS.sub(lambda found: masked_address(found[0]), value))


#: as `intake ledger` writes it, for the office to telephone by
ON_DISK = Masking()
#: for a mail, whose way nobody knows
MAILED = Masking(telephones=True, texts=True)
#: the same, where the office wants to dial at once (`digest.telephones: full`)
MAILED_WITH_TELEPHONES = Masking(texts=True)
