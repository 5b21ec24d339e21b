import io

import numpy as np

from plurigrid_ff.data.bounded import CHUNK_BYTES, read_up_to


def test_exactly_the_size_is_read_and_the_rest_is_left():
    stream = io.BytesIO(bytes(range(10)))

    assert read_up_to(stream, 4) == bytes(range(4))
    assert stream.read() == bytes(range(4, 10))


def test_a_short_stream_gives_what_it_has():
    assert read_up_to(io.BytesIO(b"abc"), 1 << 40) == b"abc"


def test_no_request_is_larger_than_a_chunk():
    requests = []

    class Stream(io.BytesIO):
        def read(self, size=-1):
            requests.append(size)
            return super().read(size)

    read_up_to(Stream(bytes(2 * CHUNK_BYTES + 5)), 3 * CHUNK_BYTES)

    assert max(requests) == CHUNK_BYTES


def test_arrays_over_what_was_read_can_be_written():
    content = read_up_to(io.BytesIO(bytes(8)), 8)

    assert np.frombuffer(content, np.uint8).flags.writeable
