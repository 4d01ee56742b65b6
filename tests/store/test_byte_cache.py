from tessonance.store.byte_cache import ByteCache


def test_the_cache_keeps_what_was_asked_for_last_within_its_bound():
    cache = ByteCache(100)
    for number in range(5):
        cache.put(number, bytes(20))
    assert cache.get(0) is not None
    cache.put(5, bytes(20))
    assert cache.get(1) is None
    assert [number for number in range(6) if cache.get(number)] == [0, 2, 3, 4, 5]
    cache.put(6, bytes(26))  # more than a quarter
    assert cache.get(6) is None
    cache.put(2, bytes(1))
    cache.put(2, bytes(2))
    assert cache._bytes == sum(len(cache.get(number) or b"") for number in range(7)) <= 100


def test_the_cache_tells_how_young_a_value_is(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("tessonance.store.byte_cache.time.monotonic", lambda: now[0])
    cache = ByteCache(100)
    cache.put("a", b"x")
    now[0] = 104.0
    assert cache.get("a", age_seconds=5) == b"x"
    assert cache.get("a", age_seconds=3) is None
    assert cache.get("a") == b"x"
