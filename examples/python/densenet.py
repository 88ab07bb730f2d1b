# SPDX-License-Identifier: MIT
"""libdensenet from Python, by ctypes and numpy: structs as the headers have them, statuses as exceptions,
arrays handed over without a copy.

Not all of the library, but written so that more can be added in the same way: a class for each struct, a line for
each function, and check() around every call that returns a status. A struct that begins with struct_size gets its
size and its defaults from the library's `_init`. ctypes gives up Python's lock during a call, so threads of Python's
run side by side, each with a Network or Classifier of its own.
"""
import ctypes
import ctypes.util
import os
import subprocess
import weakref
from ctypes import POINTER, byref, c_char, c_char_p, c_float, c_int, c_size_t, c_uint8, c_uint64, c_void_p

import numpy as np

# ---- structs ----

ON_PROGRESS = ctypes.CFUNCTYPE(c_int, c_void_p, c_size_t, c_size_t)


class dn_error(ctypes.Structure):
    _fields_ = [("status", c_int), ("message", c_char * 1024)]


class dn_preprocessing(ctypes.Structure):
    _fields_ = [
        ("resize", c_int),
        ("crop", c_int),
        ("mean", c_float * 3),
        ("std", c_float * 3),
        ("exif_rotate", c_int),
        ("reserved", c_int * 7),
    ]


class dn_image(ctypes.Structure):
    _fields_ = [
        ("width", c_int),
        ("height", c_int),
        ("rgb", c_void_p),
        ("orientation", c_int),
        ("frames", c_int),
    ]


class dn_pixels(ctypes.Structure):
    _fields_ = [
        ("data", c_void_p),
        ("width", c_int),
        ("height", c_int),
        ("format", c_int),
        ("stride", ctypes.c_ssize_t),
    ]


class dn_config(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("growth", c_int),
        ("layers", c_int * 4),
        ("initial_channels", c_int),
        ("bottleneck", c_int),
        ("features", c_int),
    ]


class dn_session_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("batch", c_int),
        ("height", c_int),
        ("width", c_int),
        ("threads", c_int),
        ("allocator", c_void_p),
        ("executor", c_void_p),
        ("on_log", c_void_p),
        ("context", c_void_p),
    ]


class dn_classifier_info(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("backbone", c_char_p),
        ("weights_source", c_char_p),
        ("weights_hash", c_char_p),
        ("class_count", c_int),
        ("classes", POINTER(c_char_p)),
        ("preprocessing", dn_preprocessing),
        ("seed", c_uint64),
        ("recipe", c_char_p),
        ("metrics", c_char_p),
        ("conformal", c_void_p),
        ("picture_keys", c_void_p),
        ("picture_key_count", c_int),
        ("novelty", c_void_p),
    ]


class dn_judgements(ctypes.Structure):
    _fields_ = [
        ("probabilities", c_void_p),
        ("unfamiliarity", c_void_p),
        ("log_probabilities", c_void_p),
        ("features", c_void_p),
        ("statuses", c_void_p),
        ("on_progress", ON_PROGRESS),
        ("context", c_void_p),
    ]


class dn_outputs(ctypes.Structure):
    _fields_ = [
        ("features", c_void_p),
        ("map", c_void_p),
        ("logits", c_void_p),
        ("features_stride", c_size_t),
        ("map_stride", c_size_t),
        ("logits_stride", c_size_t),
    ]


DN_PIXELS_RGB, DN_PIXELS_BGR, DN_PIXELS_RGBA, DN_PIXELS_BGRA, DN_PIXELS_GREY = range(1, 6)
DN_NOVELTY_LINE = 0.95

# ---- the library ----


def find():
    """The library's file: $LIBDENSENET, or in the folder that pkg-config names, or where the system looks."""
    if "LIBDENSENET" in os.environ:
        return os.environ["LIBDENSENET"]
    try:
        folder = subprocess.run(
            ["pkg-config", "--variable=libdir", "densenet"], capture_output=True, text=True, check=True
        ).stdout.strip()
        path = os.path.join(folder, "libdensenet.so.0")
        if os.path.exists(path):
            return path
    except (OSError, subprocess.CalledProcessError):
        pass
    return ctypes.util.find_library("densenet") or "libdensenet.so.0"


library = ctypes.CDLL(find())


def declare(name, result, *arguments):
    function = getattr(library, name)
    function.restype = result
    function.argtypes = arguments


ERROR = POINTER(dn_error)
declare("dn_version", c_char_p)
declare("dn_status_name", c_char_p, c_int)
declare("dn_weights_load", c_int, POINTER(c_void_p), c_char_p, ERROR)
declare("dn_weights_free", None, c_void_p)
declare("dn_model_create", c_int, POINTER(c_void_p), c_void_p, c_void_p, ERROR)
declare("dn_model_config", POINTER(dn_config), c_void_p)
declare("dn_model_free", None, c_void_p)
declare("dn_session_options_init", None, POINTER(dn_session_options), c_size_t)
declare("dn_session_create", c_int, POINTER(c_void_p), c_void_p, POINTER(dn_session_options), ERROR)
declare("dn_session_forward", c_int, c_void_p, c_void_p, c_int, POINTER(dn_outputs), ERROR)
declare("dn_session_free", None, c_void_p)
declare("dn_preprocessing_default", dn_preprocessing)
declare("dn_pixels_to_input", c_int, POINTER(dn_pixels), POINTER(dn_preprocessing), c_int, c_void_p, ERROR)
declare("dn_image_load", c_int, POINTER(dn_image), c_char_p, ERROR)
declare("dn_image_free", None, POINTER(dn_image))
declare("dn_classifier_load", c_int, POINTER(c_void_p), c_char_p, ERROR)
declare("dn_classifier_attach", c_int, c_void_p, c_void_p, c_void_p, POINTER(dn_session_options), ERROR)
declare("dn_classifier_create_model", c_int, POINTER(c_void_p), c_void_p, c_void_p, c_void_p, ERROR)
declare("dn_classifier_get_info", POINTER(dn_classifier_info), c_void_p)
declare("dn_classifier_judge", c_int, c_void_p, POINTER(dn_image), c_int, POINTER(dn_judgements), ERROR)
declare("dn_classifier_free", None, c_void_p)


class Error(Exception):
    """A call has failed: .status is a dn_status, .name its name, the text the library's own."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.name = library.dn_status_name(status).decode()


def check(function, *arguments):
    error = dn_error()
    status = function(*arguments, byref(error))
    if status:
        raise Error(status, error.message.decode(errors="replace"))


def session_options(**chosen):
    options = dn_session_options()
    library.dn_session_options_init(byref(options), ctypes.sizeof(options))
    for name, value in chosen.items():
        setattr(options, name, value)
    return options


# ---- pictures ----


def read_picture(path):
    """A picture file as an array (height, width, 3) of uint8: the library's own memory, freed with the array."""
    image = dn_image()
    check(library.dn_image_load, byref(image), os.fsencode(path))
    memory = (c_uint8 * (image.width * image.height * 3)).from_address(image.rgb)
    weakref.finalize(memory, library.dn_image_free, image)
    return np.frombuffer(memory, np.uint8).reshape(image.height, image.width, 3)


def pixels_of(array, formats={1: DN_PIXELS_GREY, 3: DN_PIXELS_RGB, 4: DN_PIXELS_RGBA}):
    """A view of an array (height, width) or (height, width, channels) for calls that take dn_pixels. A slice of a
    larger array is fine, and so is one that is upside down: rows may lie any distance apart. `formats` says what the
    channels are; OpenCV's are {3: DN_PIXELS_BGR}."""
    channels = array.shape[2] if array.ndim == 3 else 1
    dense = array.dtype == np.uint8 and array.strides[1:] in ((channels, 1), (1,))
    if not dense or channels not in formats:
        raise ValueError(f"pixels have to be bytes, side by side in a row: {array.dtype} {array.shape}")
    return dn_pixels(array.ctypes.data, array.shape[1], array.shape[0], formats[channels], array.strides[0])


# ---- the network ----


class Network:
    """Features of pictures: weights in, (count, features) out."""

    def __init__(self, weights, batch=1, threads=0):
        loaded = c_void_p()
        check(library.dn_weights_load, byref(loaded), os.fsencode(weights))
        try:
            self._open(loaded, batch, threads)
        finally:
            library.dn_weights_free(loaded)

    def _open(self, weights, batch, threads):
        self.preprocessing = library.dn_preprocessing_default()
        self.batch = batch
        model, session = c_void_p(), c_void_p()
        check(library.dn_model_create, byref(model), weights, None)
        weakref.finalize(self, library.dn_model_free, model)
        options = session_options(batch=batch, threads=threads)
        check(library.dn_session_create, byref(session), model, byref(options))
        weakref.finalize(self, library.dn_session_free, session)  # the last one is called first
        self._session = session
        self.features = library.dn_model_config(model).contents.features

    def inputs(self, arrays):
        """Pictures, as pixels_of() takes them, resized, cropped and normalised: (count, crop, crop, 3)."""
        crop = self.preprocessing.crop
        out = np.empty((len(arrays), crop, crop, 3), np.float32)
        for array, row in zip(arrays, out):
            check(
                library.dn_pixels_to_input, byref(pixels_of(array)), byref(self.preprocessing), 0, row.ctypes.data
            )
        return out

    def forward(self, inputs, out=None):
        """The features of inputs; read and written where they lie. `out` may be columns of a larger array."""
        if inputs.dtype != np.float32 or not inputs.flags.c_contiguous or inputs.shape[1:] != (
            self.preprocessing.crop, self.preprocessing.crop, 3
        ):
            raise ValueError(f"inputs have to be (count, crop, crop, 3) float32 in one piece: {inputs.shape}")
        if out is None:
            out = np.empty((len(inputs), self.features), np.float32)
        if out.dtype != np.float32 or out.shape != (len(inputs), self.features) or out.strides[1] != 4:
            raise ValueError(f"features are ({len(inputs)}, {self.features}) float32, side by side: {out.shape}")
        for first in range(0, len(inputs), self.batch):
            part, to = inputs[first:first + self.batch], out[first:first + self.batch]
            outputs = dn_outputs(features=to.ctypes.data, features_stride=out.strides[0] // 4)
            check(library.dn_session_forward, self._session, part.ctypes.data, len(part), byref(outputs))
        return out


# ---- the classifier ----


class Classifier:
    """A model file. `weights` is a checkpoint, needed unless the model was trained on random weights."""

    def __init__(self, path, weights=None, batch=1, threads=0):
        classifier, loaded = c_void_p(), c_void_p()
        check(library.dn_classifier_load, byref(classifier), os.fsencode(path))
        weakref.finalize(self, library.dn_classifier_free, classifier)
        self._classifier = classifier
        if weights is not None:
            check(library.dn_weights_load, byref(loaded), os.fsencode(weights))
        try:
            options = session_options(batch=batch, threads=threads)
            check(library.dn_classifier_attach, classifier, loaded, None, byref(options))
        finally:
            library.dn_weights_free(loaded)
        info = library.dn_classifier_get_info(classifier).contents
        self.classes = [info.classes[i].decode() for i in range(info.class_count)]
        self.knows_the_unfamiliar = bool(info.novelty)

    def judge(self, arrays):
        """Of pictures (height, width, 3), RGB, of uint8 in one piece each, which are read where they lie:
        probabilities (count, classes), unfamiliarity (count) or None, and statuses (count): not 0 where a picture
        cannot be judged, whose numbers are then NaN."""
        images = (dn_image * len(arrays))()
        for image, array in zip(images, arrays):
            if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.flags.c_contiguous:
                raise ValueError(f"a picture has to be (height, width, 3) uint8 in one piece: {array.shape}")
            image.height, image.width = array.shape[:2]
            image.rgb = array.ctypes.data
        probabilities = np.empty((len(arrays), len(self.classes)), np.float32)
        unfamiliarity = np.empty(len(arrays)) if self.knows_the_unfamiliar else None
        statuses = np.empty(len(arrays), np.intc)
        out = dn_judgements(
            probabilities=probabilities.ctypes.data,
            unfamiliarity=None if unfamiliarity is None else unfamiliarity.ctypes.data,
            statuses=statuses.ctypes.data,
        )
        check(library.dn_classifier_judge, self._classifier, images, len(arrays), byref(out))
        return probabilities, unfamiliarity, statuses
