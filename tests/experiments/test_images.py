# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10 as it is published and as an archive of JPEG files; what is neither is refused with a word on what to do."""

import io
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.images import DEVIATION, MEAN, augmented, generated, load_cifar10, normalised
from wincraft.errors import BadDocument


@pytest.fixture
def small(monkeypatch):
    """As if CIFAR-10 had 20 images to train and 4 to test."""
    monkeypatch.setattr("experiments.images.TRAINING", 20)
    monkeypatch.setattr("experiments.images.TEST", 4)


def write_batches(folder, count=4, classes=10):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        data = rng.integers(0, 256, (count, 3072), dtype=np.uint8)
        labels = rng.integers(classes - 10, classes, count).tolist()
        with (folder / name).open("wb") as file:
            pickle.dump({b"data": data, b"labels": labels, b"batch_label": b"x"}, file, protocol=2)
        written[name] = data, labels
    return written


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("inner", ["", "cifar-10-batches-py"])
def test_python_batches_are_read_in_order(tmp_path, inner):
    written = write_batches(tmp_path / inner)
    train, test = load_cifar10(tmp_path)
    assert len(train) == 20
    assert len(test) == 4
    data, labels = written["data_batch_2"]
    assert train.labels[4:8].tolist() == labels
    red = data[1].reshape(3, 32, 32)[0]
    assert np.array_equal(train.pixels[5, :, :, 0].numpy(), red)


def test_missing_batches_are_named(tmp_path):
    write_batches(tmp_path)
    (tmp_path / "data_batch_3").unlink()
    with pytest.raises(BadDocument, match=r"no data_batch_3; download https"):
        load_cifar10(tmp_path)


@pytest.mark.parametrize(
    ("count", "classes", "message"),
    [(3, 10, "3 images and 3 labels, not 4"), (4, 50, r"labels from 4\d to 4\d, not 0 to 9")],
)
@pytest.mark.usefixtures("small")
def test_batches_of_other_sizes_and_classes_are_refused(tmp_path, count, classes, message):
    write_batches(tmp_path, count, classes)
    with pytest.raises(BadDocument, match=rf"no CIFAR-10 batch \({message}\); download https"):
        load_cifar10(tmp_path)


@pytest.mark.usefixtures("small")
def test_a_pickle_that_calls_something_is_not_obeyed(tmp_path):
    write_batches(tmp_path)

    class Evil:
        def __reduce__(self):
            return (print, ("obeyed",))

    (tmp_path / "test_batch").write_bytes(pickle.dumps({b"data": Evil()}))
    with pytest.raises(BadDocument, match=r"names builtins\.print"):
        load_cifar10(tmp_path)


@pytest.mark.parametrize("content", [b"", b"nonsense", pickle.dumps({b"data": 1}), pickle.dumps([1])])
def test_a_file_that_is_no_batch_is_refused(tmp_path, content):
    write_batches(tmp_path)
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(BadDocument, match="no CIFAR-10 batch"):
        load_cifar10(tmp_path)


def test_an_archive_of_jpeg_files_must_have_all_images(tmp_path, monkeypatch):
    Image = pytest.importorskip("PIL.Image")
    pixels = np.full((32, 32, 3), 77, dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    one = np.frombuffer(file.getvalue(), dtype=np.uint8)
    arrays = {}
    for part, count in (("train", 50_000), ("test", 10_000)):
        arrays[f"{part}_jpeg"] = np.tile(one, 3)
        starts = np.minimum(np.arange(count + 1), 2) * len(one)
        starts[2:-1] = 0
        arrays[f"{part}_offsets"], arrays[f"{part}_labels"] = starts, np.zeros(count, dtype=np.uint8)
    np.savez(tmp_path / "wrong.npz", **arrays | {"test_labels": np.zeros(7, dtype=np.uint8)})
    np.savez(tmp_path / "other.npz", pixels=pixels)
    (tmp_path / "text.npz").write_text("hello")
    whole = (tmp_path / "other.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with (tmp_path / "array.npz").open("wb") as plain:
        np.save(plain, pixels)
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"\x1f\x8b")
    monkeypatch.setattr("experiments.images._decoded", lambda data: pixels)
    with pytest.raises(BadDocument, match="10000 images and 7 labels, not 10000"):
        load_cifar10(tmp_path / "wrong.npz")
    with pytest.raises(BadDocument, match=r"neither a folder nor an \.npz.*unpack"):
        load_cifar10(tmp_path / "cifar-10-python.tar.gz")
    for name in ("other.npz", "text.npz", "cut.npz", "array.npz"):
        with pytest.raises(BadDocument, match=r"no JPEG archive.*download"):
            load_cifar10(tmp_path / name)


def test_one_jpeg_file_is_decoded(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    from experiments.images import _decoded

    file = io.BytesIO()
    Image.fromarray(np.full((32, 32, 3), (10, 200, 90), dtype=np.uint8)).save(file, "JPEG", quality=95)
    assert np.abs(_decoded(file.getvalue()).astype(int) - (10, 200, 90)).max() <= 3


def test_normalised_pixels_are_channels_last_and_centred():
    pixels = torch.tensor([[[[0, 128, 255]]]], dtype=torch.uint8)
    x = normalised(pixels)
    assert x.shape == (1, 3, 1, 1)
    expected = [(v / 255 - m) / d for v, m, d in zip((0, 128, 255), MEAN, DEVIATION, strict=True)]
    assert x.flatten().tolist() == pytest.approx(expected, rel=1e-5)


def test_augmented_images_are_windows_of_the_image_or_of_its_mirror():
    pixels = generated(6, 0).pixels
    made = augmented(pixels, torch.Generator().manual_seed(1))
    padded = np.pad(pixels.numpy(), ((0, 0), (4, 4), (4, 4), (0, 0)))
    mirrored = 0
    for index, image in enumerate(made.numpy()):
        windows = [(top, left) for top in range(9) for left in range(9)]
        plain = any(np.array_equal(padded[index, t : t + 32, l : l + 32], image) for t, l in windows)
        turned = any(np.array_equal(padded[index, t : t + 32, l : l + 32][:, ::-1], image) for t, l in windows)
        assert plain or turned
        mirrored += turned and not plain
    assert 0 < mirrored < 6


def test_generated_images_depend_on_the_seed_alone():
    assert torch.equal(generated(3, 5).pixels, generated(3, 5).pixels)
    assert not torch.equal(generated(3, 5).pixels, generated(3, 6).pixels)
