/* SPDX-License-Identifier: MIT */
/* The closed list of globals without a meaning: the arguments of a script (argparse), its configuration
 * (omegaconf, yacs, EasyDict), paths, dates, numbers of numpy's, sets, and what Lightning and fastai put
 * beside their networks. */
#include "weights/pickle_inert.h"

#include <string.h>

static const struct {
    const char *module, *names; /* one behind the other, a space between them and at both ends */
} inert[] = {
    {"argparse", " Namespace "},
    {"types", " SimpleNamespace "},
    {"collections", " Counter deque "},
    {"datetime", " date datetime time timedelta timezone "},
    {"pathlib", " Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath "},
    {"pathlib._local", " Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath "},
    {"typing", " Any "},
    {"builtins",
     " bool bytearray bytes complex dict float frozenset int list object range set slice str tuple "},
    {"__builtin__",
     " bool bytearray bytes complex dict float frozenset int list long object set slice str tuple unicode "
     "xrange "},
    {"copyreg", " _reconstructor "},
    {"copy_reg", " _reconstructor "},
    {"_codecs", " encode "},
    {"numpy", " dtype ndarray bool_ float16 float32 float64 int32 int64 "},
    {"numpy.core.multiarray", " _reconstruct scalar "},
    {"numpy._core.multiarray", " _reconstruct scalar "},
    {"torch", " Size device bfloat16 bool float16 float32 float64 int32 int64 uint8 "},
    {"torch.torch_version", " TorchVersion "},
    {"fastcore.foundation", " L "},
    {"pytorch_lightning.utilities.parsing", " AttributeDict "},
    {"lightning.pytorch.utilities.parsing", " AttributeDict "},
    {"lightning_fabric.utilities.data", " AttributeDict "},
    {"lightning.fabric.utilities.data", " AttributeDict "},
    {"pytorch_lightning.callbacks.early_stopping", " EarlyStopping "},
    {"pytorch_lightning.callbacks.model_checkpoint", " ModelCheckpoint "},
    {"omegaconf.dictconfig", " DictConfig "},
    {"omegaconf.listconfig", " ListConfig "},
    {"omegaconf.base", " ContainerMetadata Metadata "},
    {"omegaconf.nodes", " AnyNode BooleanNode BytesNode EnumNode FloatNode IntegerNode PathNode StringNode "},
    {"yacs.config", " CfgNode "},
    {"easydict", " EasyDict "},
};

/* Whether `names` has that word. */
static bool has_word(const char *names, const unsigned char *word, size_t size) {
    if (!size || memchr(word, ' ', size)) return false;
    for (const char *at = names; at[1]; at += 1 + strcspn(at + 1, " "))
        if (strcspn(at + 1, " ") == size && memcmp(at + 1, word, size) == 0) return true;
    return false;
}

bool dni_pickle_is_inert(const unsigned char *module, size_t module_size, const unsigned char *name,
                         size_t name_size) {
    for (size_t i = 0; i < sizeof inert / sizeof *inert; i++)
        if (strlen(inert[i].module) == module_size && memcmp(inert[i].module, module, module_size) == 0)
            return has_word(inert[i].names, name, name_size);
    return false;
}
