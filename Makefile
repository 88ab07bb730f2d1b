# libdensenet and ftrain.
#
#   make            library (static, shared) and program, in build/
#   make demo       everything from nothing: install what is missing, build, make pictures, train, predict
#   make test       install what is missing, build, run all tests
#   make asan       all tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   make install    PREFIX=/usr/local DESTDIR=
#   make weights    download densenet161's ImageNet weights to where every command finds them
#   make deps format uninstall clean
#
# Variables: CC, BUILD (folder of the build), SANITIZE=1, WERROR= (empty: warnings do not stop the build).

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

CC      ?= cc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
SANITIZE ?=
BUILD   ?= build$(if $(SANITIZE),/asan)
WERROR  ?= -Werror
OPTIMIZE ?= -O3
PYTHON  ?= /usr/bin/python3

VERSION_OF = $(shell sed -n 's/^.define DN_VERSION_$(1) //p' core/status.h)
MAJOR   := $(call VERSION_OF,MAJOR)
VERSION := $(MAJOR).$(call VERSION_OF,MINOR).$(call VERSION_OF,PATCH)

LIBRARY_PACKAGES := openblas libturbojpeg jansson libzip libxxhash
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wundef \
            -Wdouble-promotion $(WERROR)
CPPFLAGS += -I. -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 -MMD -MP
CFLAGS   += -std=c11 $(OPTIMIZE) -g -fPIC -fvisibility=hidden -fno-math-errno -ffp-contract=off -pthread $(WARNINGS)
ifneq ($(SANITIZE),)
CFLAGS   += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=address,undefined
endif
LDLIBS   := $(shell pkg-config --libs $(LIBRARY_PACKAGES) 2>/dev/null) -lpthreadpool -lm -pthread
CFLAGS   += $(shell pkg-config --cflags $(LIBRARY_PACKAGES) 2>/dev/null)

# A kernel file's name ends in its tier, and that alone gives it the tier's instructions.
$(BUILD)/%_avx2.o:   CFLAGS += -mavx2 -mfma
$(BUILD)/%_avx512.o: CFLAGS += -mavx2 -mfma -mavx512f -mavx512vl -mavx512dq -mavx512bw -mprefer-vector-width=512

LIBRARY_DIRS    := core layers io weights densenet head
LIBRARY_SOURCES := $(foreach d,$(LIBRARY_DIRS),$(wildcard $(d)/*.c))
ifneq ($(shell uname -m),x86_64)
LIBRARY_SOURCES := $(filter-out %_avx2.c %_avx512.c,$(LIBRARY_SOURCES))
endif
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
PROGRAM_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard ftrain/*.c))
# test/test_*.c are programs, every other file of test/ is shared by them.
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard test/test_*.c))
TEST_SUPPORT  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out test/test_%,$(wildcard test/*.c)))
STATIC  := $(BUILD)/libdensenet.a
SHARED  := $(BUILD)/libdensenet.so.$(VERSION)
PROGRAM := $(BUILD)/ftrain/ftrain
SAMPLES := $(BUILD)/docs/demo/samples

.PHONY: all
all: $(STATIC) $(SHARED) $(PROGRAM)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(STATIC): $(LIBRARY_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^

$(SHARED): $(LIBRARY_OBJECTS)
	$(CC) $(LDFLAGS) -shared -Wl,-soname,libdensenet.so.$(MAJOR) -Wl,--no-undefined -o $@ $^ $(LDLIBS)

$(PROGRAM): $(PROGRAM_OBJECTS) $(STATIC)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(SAMPLES): $(BUILD)/docs/demo/samples.o $(STATIC)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(TEST_PROGRAMS): $(BUILD)/test/%: $(BUILD)/test/%.o $(TEST_SUPPORT) $(STATIC)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

.PHONY: format clean
format:
	clang-format -i $(wildcard */*.[ch] docs/demo/*.[ch])

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
