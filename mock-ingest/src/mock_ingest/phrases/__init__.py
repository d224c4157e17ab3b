"""What people say in the world: plain data, all of it written for this project."""

from mock_ingest.phrases.english_a_to_g import ENGLISH_A_TO_G
from mock_ingest.phrases.english_l_to_y import ENGLISH_L_TO_Y

#: The nineteen topics with their sentences, by the topic's label.
ENGLISH = {**ENGLISH_A_TO_G, **ENGLISH_L_TO_Y}
