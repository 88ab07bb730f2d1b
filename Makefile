# SPDX-License-Identifier: MIT
# libdensenet and ftrain.
#
#   make            library (static, shared) and program, in build/
#   make demo       everything from nothing: install what is missing, build, make pictures, train, predict
#   make test       install what is missing, build, run all tests
#   make asan       all tests under gcc's AddressSanitizer and UndefinedBehaviorSanitizer
#   make ubsan      all tests under clang's UndefinedBehaviorSanitizer, which sees more
#   make tsan       the tests under gcc's ThreadSanitizer, on eight threads
#   make msan       tests that need few foreign libraries, under clang's MemorySanitizer
#   make valgrind   tests and the program under valgrind's memcheck, with portable and AVX2 kernels
#   make fuzz       every reader of foreign bytes under libFuzzer, MINUTES=1 each; DOOR=pickle: one alone (clang)
#   make crash      power cuts while a command writes, KILLS=200 kills, full disks; SEED=1
#   make check      build and run all tests, install nothing; TESTS='io head' runs only these folders of test/
#   make portability  with clang, musl, for aarch64 and old processors, as far as can be had here; half an hour
#   make faults     every command with every call of the system and of malloc failing, a run for each: days; CASES=100:
#                   so many of each command, by SEED; COMMANDS='split train' CALLS='write fsync' MODES='error kill'
#   make interop    what `ftrain export` writes, in PyTorch, ONNX Runtime, pandas, ...; skips where one is missing
#   make browser    tests of the pages of 'ftrain serve' and 'ftrain review' in chromium; skips where there is none
#   make soak       'ftrain serve' under CLIENTS=8 good, broken and hostile ones for MINUTES=1; what it takes must stay
#   make soak-files 'ftrain predict' on FILES=200000 files, twice
#   make sizes      sets of the sizes of docs/limits.md, for real: CLASSES=10000, FILES=200000; PARTS='names files': some
#   make install    PREFIX=/usr/local DESTDIR=; both may hold spaces
#   make weights    ftrain weights: fetch densenet161's ImageNet weights to where every command finds them
#   make walkthrough  run docs/walkthrough.md and compare what it prints; five minutes
#   make bench      how fast it is; make bench-peers, make bench-pictures, make bench-capstone: beside others;
#                   make bench-serve: under load;
#                   make bench-share: what threads take in memory; BENCH_HISTORY=FILE: its figures go there, too
#   make bench-history  draw them; make bench-compare BASE=COMMIT: two commits in turns
#   make abi        write the list of what programs are compiled against anew, after a meant change of a public header
#   make reference  the public headers as pages of HTML, in build/reference/html; needs doxygen
#   make golden     write the tests' expected values anew, with PyTorch and its company
#   make digests    write the digests of features, heads and probabilities anew, after a meant change of numbers;
#                   make digests-aarch64: those of aarch64's features, in an emulator
#   make dist       densenet-VERSION.tar.gz of the last commit, which builds without git
#   make deb        Debian's packages of the last commit, in build/deb; needs debhelper and dpkg-dev
#   make try-deb    installs them, runs their tests (debian/tests), purges them; needs root
#   make static     ftrain with its libraries in a folder, for systems that have none of them
#   make coverage   lines and branches that the tests run, a room a row, and as pages in build/coverage/html; TESTS='io head'
#   make lint       make analyze, cppcheck and tidy, shellcheck, and the tests of how sources are written
#   make analyze    gcc's -fanalyzer over the library and the program; make cppcheck and make tidy: cppcheck, clang-tidy
#   make deps uninstall format clean
#   make help       print this
#
# Variables: CC, PKG_CONFIG, AR, BUILD (folder of the build), V=1 (show whole commands), SANITIZE (1: address and
# undefined, or one of them; thread; memory), OPTIMIZE, HARDEN= (empty: none of the compiler's protections), WERROR=-Werror
# (warnings stop the build; make test sets it), HTTP= WEBP= TIFF= HEIF= ONNX= MPI= SECCOMP= (empty: built without that
# library), PREFIX, LIBDIR, INCLUDEDIR, MANDIR, COMPLETIONDIR (of bash), ZSHCOMPLETIONDIR, FISHCOMPLETIONDIR, SCHEMADIR,
# DESTDIR, PROTOC_C and ONNX_PROTO (ONNX's schema, and what compiles it), PYTHON (of make golden).
# CFLAGS, CPPFLAGS and LDFLAGS are yours: they stand behind the Makefile's own, so yours win.
#
# For another machine, name its compiler and its pkg-config:
#     make CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar PKG_CONFIG=aarch64-linux-gnu-pkg-config

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

CC      ?= cc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR  ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPLETIONDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPLETIONDIR ?= $(PREFIX)/share/fish/vendor_completions.d
SCHEMADIR ?= $(PREFIX)/share/densenet/json
SANITIZE ?=
SANITIZED_FOLDER = $(or $(if $(filter undefined,$(SANITIZE)),ubsan),$(if $(filter thread,$(SANITIZE)),tsan),\
                   $(if $(filter memory,$(SANITIZE)),msan),asan)
BUILD   ?= build$(if $(SANITIZE),/$(SANITIZED_FOLDER))
WERROR  ?=
# A sanitizer's checks are unrolled with everything else at -O3: one kernel alone then takes 54 s to compile, 14 s at -O2.
OPTIMIZE ?= $(if $(SANITIZE),-O2,-O3)
PKG_CONFIG ?= pkg-config
PYTHON  ?= /usr/bin/python3

# A step is shown as its tool and its file; with V=1 whole.
V       ?=
Q       := $(if $(V),,@)
show     = @$(if $(V),:,printf '  %-4s %s\n' $(1) '$(2)')

VERSION_OF = $(shell sed -n 's/^.define DN_VERSION_$(1) //p' core/status.h)
VERSION := $(call VERSION_OF,MAJOR).$(call VERSION_OF,MINOR).$(call VERSION_OF,PATCH)
# The number of the library's binary interface: one more in every version after which a program has to be compiled anew,
# before 1.0, too. What may change without that: docs/library.md.
SOVERSION := 0

# The machine that the compiler compiles for, such as x86_64-linux-gnu; it need not be this one.
TARGET := $(shell $(CC) -dumpmachine 2>/dev/null)
X86_64 := $(filter x86_64-% amd64-%,$(TARGET))
AARCH64 := $(filter aarch64-% arm64-%,$(TARGET))
# Kernels for processors of another architecture.
FOREIGN := $(if $(X86_64),,%_avx2.c %_avxvnni.c %_avx512.c %_avx512bf16.c %_avx512vnni.c) $(if $(AARCH64),,%_neon.c %_neondot.c)
APPLE  := $(findstring -apple-,$(TARGET))

# A word for the shell, whatever is in it: a folder's name may hold spaces.
quoted = '$(subst ','\'',$(1))'
comma := ,
space := $(subst ,, )

# Pictures of these formats are read where the library is there, and else refused by name. `make WEBP=` and its like
# leave one out.
found = $(shell $(PKG_CONFIG) --exists '$(1)' 2>/dev/null && echo $(2))
WEBP ?= $(call found,libwebp,libwebp)
TIFF ?= $(call found,libtiff-4 >= 4.5,libtiff-4)
HEIF ?= $(call found,libheif,libheif)
LIBRARY_PACKAGES := openblas libjpeg libturbojpeg jansson libzip libxxhash $(WEBP) $(TIFF) $(HEIF)
# What ftrain alone is linked with.
PROGRAM_PACKAGES := libcurl nettle
# Built in where it is there: without it `serve` and `review` say that they are missing. `make HTTP=` leaves it out.
HTTP ?= $(call found,libmicrohttpd,libmicrohttpd)
PROGRAM_PACKAGES += $(HTTP)
# `export` writes ONNX models by protobuf-c, from ONNX's schema, where both are there; `make ONNX=` leaves it out.
PROTOC_C   ?= protoc-c
ONNX_PROTO ?= /usr/include/onnx/onnx.proto
ONNX ?= $(if $(and $(shell command -v $(PROTOC_C) 2>/dev/null),$(wildcard $(ONNX_PROTO))),$(call found,libprotobuf-c,libprotobuf-c))
PROGRAM_PACKAGES += $(ONNX)
# Under mpirun `extract` and `predict` divide their work, where there is an MPI; `make MPI=` leaves it out.
MPI ?= $(or $(call found,ompi-c,ompi-c),$(call found,mpich,mpich))
PROGRAM_PACKAGES += $(MPI)
# What `serve`, and `predict --sandbox`, lock themselves into, on Linux; `make SECCOMP=` leaves it out.
SECCOMP ?= $(call found,libseccomp >= 2.5,libseccomp)
PROGRAM_PACKAGES += $(SECCOMP)
LIBRARY_CFLAGS   := $(shell $(PKG_CONFIG) --cflags $(LIBRARY_PACKAGES) 2>/dev/null)
PROGRAM_CFLAGS   := $(shell $(PKG_CONFIG) --cflags $(PROGRAM_PACKAGES) 2>/dev/null)
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wundef \
            -Wdouble-promotion -Wformat-security $(WERROR)
# As Debian's packages are hardened. FORTIFY_SOURCE needs an optimizer, and gets in AddressSanitizer's way.
HARDEN ?= $(if $(SANITIZE),,1)
ifneq ($(HARDEN),)
HARDEN_CPPFLAGS := $(if $(filter -O0,$(OPTIMIZE) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
# Not every compiler has these for every machine, and one that has not may only warn.
known           = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(1))
HARDEN_CFLAGS   := -fstack-protector-strong $(call known,-fstack-clash-protection) $(if $(X86_64),-fcf-protection)
HARDEN_LDFLAGS  := $(if $(APPLE),,-Wl$(comma)-z$(comma)relro -Wl$(comma)-z$(comma)now)
HARDEN_PROGRAM  := -pie
endif
# No object names the folder in which it was made: wherever it is built, the same bytes come out.
NAMELESS := $(call quoted,-ffile-prefix-map=$(CURDIR)=.) $(call quoted,-ffile-prefix-map=$(abspath $(BUILD))=build) \
            $(call quoted,-ffile-prefix-map=$(BUILD)=build)
# Counts of lines and branches, which each program adds to files beside its objects when it ends. gcov finds the sources by
# the names that the objects have for them. Threads count at the same time.
COVERAGE ?=
ifneq ($(COVERAGE),)
NAMELESS :=
TOOL_CFLAGS := --coverage -fprofile-update=atomic -DDNI_ROLLED
TOOL_OBJECTS := $(BUILD)/test/house/counts.o
endif
# gcc's own search for faults. Leaks are for `make asan` and for the tests in which allocations fail: gcc 12 takes for lost what
# an element of a list or a struct of the caller's holds.
ANALYZE ?=
ifneq ($(ANALYZE),)
TOOL_CFLAGS := -fanalyzer -Wno-analyzer-malloc-leak -DDNI_ROLLED
endif
OUR_CPPFLAGS := -I. -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 -MMD -MP
OUR_CFLAGS   := -std=c11 $(OPTIMIZE) -g -fPIC -fvisibility=hidden -fno-math-errno -ffp-contract=off -pthread \
                $(NAMELESS) $(HARDEN_CFLAGS) $(WARNINGS) $(LIBRARY_CFLAGS) $(TOOL_CFLAGS)
OUR_LDFLAGS  := $(HARDEN_LDFLAGS) $(if $(COVERAGE),--coverage)
ifneq ($(SANITIZE),)
SANITIZERS := $(if $(filter 1,$(SANITIZE)),address$(comma)undefined,$(SANITIZE))
OUR_CPPFLAGS += -DDNI_ROLLED
OUR_CFLAGS   += -fsanitize=$(SANITIZERS) -fno-sanitize-recover=all -fno-omit-frame-pointer
OUR_LDFLAGS  += -fsanitize=$(SANITIZERS)
# What a sanitizer needs beside the programs: their own functions in the place of others'.
ifeq ($(SANITIZE),thread)
TOOL_OBJECTS := $(BUILD)/test/sanitizers/cores.o
endif
ifeq ($(SANITIZE),memory)
OUR_CFLAGS  += -fsanitize-memory-track-origins
OUR_LDFLAGS += -fsanitize-memory-track-origins $(sort $(shell grep -ho '__wrap_[A-Za-z0-9_]*' \
                   test/sanitizers/memory.c test/sanitizers/libraries.c | sed 's/__wrap_/-Wl,--wrap=/'))
TOOL_OBJECTS := $(BUILD)/test/sanitizers/memory.o $(BUILD)/test/sanitizers/libraries.o
endif
endif
# The caller's flags last. Variables that a pattern's targets set, FILE_CFLAGS, stand behind them: a kernel is nothing
# without its instructions.
FILE_CFLAGS :=
FLAGS   = $(OUR_CPPFLAGS) $(HARDEN_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) $(FILE_CFLAGS)
COMPILE = $(CC) $(FLAGS)
LINK    = $(CC) $(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS)
# D: without times and owners. Apple's ar knows it not.
ARCHIVE = $(AR) $(if $(APPLE),rcs,rcsD)
# Those whose modules name, for a static link, libraries of their own that a shared one brings along and that their development
# packages need not bring (openblas: gfortran's, libzip: OpenSSL's, libheif: a dozen of codecs and numa's). densenet.pc names
# them as libraries; the others are modules that it requires.
OPEN_ENDED := openblas libzip libtiff-4 libheif
LDLIBS   := $(shell $(PKG_CONFIG) --libs $(LIBRARY_PACKAGES) 2>/dev/null) -lm -pthread
PROGRAM_LDLIBS := $(shell $(PKG_CONFIG) --libs $(PROGRAM_PACKAGES) 2>/dev/null) -lsvm
$(BUILD)/ftrain/%.o $(BUILD)/test/fuzz/%_mhd.o: FILE_CFLAGS += $(PROGRAM_CFLAGS)

# A kernel file's name ends in its tier, and that alone gives it the tier's instructions. All of AArch64 has NEON's, not all
# its dot product.
$(BUILD)/%_avx2.o $(BUILD)/%_avxvnni.o: FILE_CFLAGS += -mavx2 -mfma
$(BUILD)/%_avxvnni.o: FILE_CFLAGS += -mavxvnni
$(BUILD)/%_avx512.o $(BUILD)/%_avx512bf16.o $(BUILD)/%_avx512vnni.o: FILE_CFLAGS += -mavx2 -mfma -mavx512f -mavx512vl -mavx512dq -mavx512bw -mprefer-vector-width=512
$(BUILD)/%_avx512bf16.o: FILE_CFLAGS += -mavx512bf16
$(BUILD)/%_avx512vnni.o: FILE_CFLAGS += -mavx512vnni
# Kernels for AVX-VNNI as tests run them on AVX512-VNNI; elsewhere these files are empty.
$(BUILD)/test/support/%_encoded.o: FILE_CFLAGS += $(if $(X86_64),-mavx2 -mfma -mavx512f -mavx512vl -mavx512vnni)
$(BUILD)/%_neondot.o: FILE_CFLAGS += -march=armv8.2-a+dotprod

# The kernels' inner loops do not take the time for counting by several threads: of a line that ran it is known that it ran,
# and not always how often.
ifneq ($(COVERAGE),)
$(BUILD)/layers/%.o: FILE_CFLAGS += -fprofile-update=single
endif

# stb_image_resize divides every byte that it reads by 255; times the reciprocal it gives the same to a float's last bit.
# Nobody asks which exceptions floating point has raised, and without them its comparisons can be vectors.
$(BUILD)/io/stb_passes_%.o: FILE_CFLAGS += -freciprocal-math -fno-trapping-math
$(BUILD)/test/io/test_stb_resize.o: FILE_CFLAGS += -freciprocal-math

LIBRARY_DIRS    := core layers io weights densenet head
LIBRARY_SOURCES := $(foreach d,$(LIBRARY_DIRS),$(wildcard $(d)/*.c $(d)/*/*.c))
LIBRARY_SOURCES := $(filter-out $(if $(WEBP),io/webp_absent.c,io/webp.c) $(if $(HEIF),io/heif_absent.c,io/heif.c) \
    $(if $(TIFF),io/tiff_absent.c,io/tiff.c io/tiff_stream.c io/tiff_pixels.c),$(LIBRARY_SOURCES))
LIBRARY_SOURCES := $(filter-out $(FOREIGN),$(LIBRARY_SOURCES))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
PROGRAM_SOURCES := $(filter-out $(if $(HTTP),%/server_absent.c,%_mhd.c) $(if $(ONNX),%/graph_absent.c,%_protobuf.c) \
                       $(if $(MPI),%/mail_absent.c,%_mpi.c) \
                       $(if $(SECCOMP),%/sandbox_absent.c,%_seccomp.c %/landlock.c),$(wildcard ftrain/*.c ftrain/*/*.c))
# What protoc-c makes of ONNX's schema.
ONNX_CODE := $(if $(ONNX),$(BUILD)/onnx/onnx.pb-c)
# Pages, scripts and styles that are part of the program.
PROGRAM_ASSETS  := $(wildcard ftrain/*/*.html ftrain/*/*.css ftrain/*/*.js)
PROGRAM_OBJECTS := $(PROGRAM_SOURCES:%.c=$(BUILD)/%.o) $(PROGRAM_ASSETS:%=$(BUILD)/%.o) $(ONNX_CODE:%=%.o)
# Programs and scripts, a folder for each of the source's; what they share lies in test/support.
# Those of test/browser are `make browser`'s, those of test/interop are `make interop`'s.
TESTS         ?= $(filter-out browser interop,$(sort $(patsubst test/%/,%,$(dir $(wildcard test/*/test_* test/*/check_*)))))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(filter-out $(if $(ONNX),,%_protobuf.c) $(if $(HTTP),,%_mhd.c) $(if $(SECCOMP),,%_seccomp.c),$(wildcard $(TESTS:%=test/%/test_*.c))))
TEST_SCRIPTS  := $(wildcard $(foreach d,$(TESTS),test/$(d)/check_*.sh test/$(d)/test_*.sh))
# Those of test/fuzz are the fuzzer's targets, and replay what it has found: test/fuzz/fuzz.h.
FUZZ_DOORS    := $(patsubst test/fuzz/test_%.c,%,$(filter-out $(if $(HTTP),,%_mhd.c),$(wildcard test/fuzz/test_*.c)))
$(FUZZ_DOORS:%=$(BUILD)/test/fuzz/test_%): $(BUILD)/test/fuzz/fuzz.o $(BUILD)/test/fuzz/replay.o
TEST_SUPPORT  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/calls.c %/failures.c,$(wildcard test/support/*.c)))
# What stands in front of the C library's functions, for tests that let them fail: test/support/failures.h.
$(filter %_failures,$(TEST_PROGRAMS)): $(BUILD)/test/support/calls.o $(BUILD)/test/support/failures.o
# For scripts: what checks JSON against docs/json/, and comma-separated values.
CHECKERS := $(BUILD)/test/json/validate $(BUILD)/test/json/csv
# Preloaded by scripts, so that chosen system calls fail.
FAULTS  := $(BUILD)/test/faults/faults.so
# For the tests of crashes: what writes down what a program does to files, and one that has much to do.
CRASH   := $(BUILD)/test/crash/record.so $(BUILD)/test/crash/store
STATIC  := $(BUILD)/libdensenet.a
SHARED  := $(BUILD)/libdensenet.so.$(VERSION)
SONAME  := libdensenet.so.$(SOVERSION)
PROGRAM := $(BUILD)/ftrain/ftrain
SAMPLES := $(BUILD)/docs/demo/samples
BENCH   := $(BUILD)/bench/bench

.PHONY: all help
all: $(STATIC) $(SHARED) $(PROGRAM)

help:
	@sed -n '/^#/!q; /SPDX/d; s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

# A source is compiled or, for `make tidy`, read by clang-tidy, which leaves an empty object and what it depends on.
TIDY ?=
READ = $(CC) $(FLAGS) -fsyntax-only -MF $(@:.o=.d) -MT $@ $< && $(TIDY) --quiet $< -- $(filter-out -MMD -MP,$(FLAGS)) && touch $@
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call show,$(if $(TIDY),TIDY,CC),$<)
	$(Q)$(if $(TIDY),$(READ),$(COMPILE) -c $< -o $@)

# What `make tidy` and `make analyze` are told beside the sources. Two of these define what it is about.
ifneq ($(TIDY)$(ANALYZE),)
$(BUILD)/ftrain/%.o: FILE_CFLAGS += -DANALYSIS_OF_PROGRAM
$(filter-out %/core/status.o %/shell/outcome.o,$(LIBRARY_OBJECTS) $(PROGRAM_SOURCES:%.c=$(BUILD)/%.o)): \
    FILE_CFLAGS += -include test/house/analysis.h
endif
# Where gcc 12 sees faults that are none: it does not know that a count is 0 where there is no array, that what is asked twice
# has one answer, that a network without a file has an address, or that an array was filled by a loop or a callback.
ifneq ($(ANALYZE),)
not_here = $(patsubst %,$(BUILD)/%.o,$(2)): FILE_CFLAGS += -Wno-analyzer-$(1)
$(call not_here,null-dereference,io/feature_pictures)
$(call not_here,null-argument,weights/pickle_machine ftrain/ranks/weights_share ftrain/weights/source)
$(call not_here,use-of-uninitialized-value,head/feature_rows io/png layers/kernels/conv3x3_int8_avx512vnni layers/kernels/conv3x3_int8_avxvnni)
# Of these it says that only, after minutes and 3 GB for each.
$(BUILD)/layers/kernels/conv3x3_winograd4_%.o: FILE_CFLAGS += -fno-analyzer
endif

$(BUILD)/%.asset.c: % ftrain/server/embed.sh
	@mkdir -p $(@D)
	$(Q)ftrain/server/embed.sh $< >$@

$(PROGRAM_ASSETS:%=$(BUILD)/%.o): $(BUILD)/%.o: $(BUILD)/%.asset.c
	$(call show,CC,$*)
	$(Q)$(COMPILE) -c $< -o $@

$(BUILD)/onnx/%.pb-c.c $(BUILD)/onnx/%.pb-c.h: $(dir $(ONNX_PROTO))%.proto
	@mkdir -p $(@D)
	$(Q)$(PROTOC_C) --proto_path=$(dir $<) --c_out=$(BUILD)/onnx $(notdir $<)

# Warnings in it are nobody's here.
$(BUILD)/onnx/onnx.pb-c.o: $(BUILD)/onnx/onnx.pb-c.c
	$(call show,CC,$<)
	$(Q)$(COMPILE) $(PROGRAM_CFLAGS) -w -c $< -o $@

$(BUILD)/%_protobuf.o: FILE_CFLAGS += -isystem $(BUILD)/onnx
$(patsubst %.c,$(BUILD)/%.o,$(wildcard ftrain/onnx/*_protobuf.c test/*/*_protobuf.c)): | $(ONNX_CODE:%=%.h)

# What is linked, for the next make to compare: `make HEIF=` and its like leave a library out of what is built already, too.
OBJECT_LIST := $(BUILD)/objects
.PHONY: anew
$(OBJECT_LIST): anew
	@mkdir -p $(@D)
	@echo '$(LIBRARY_OBJECTS) $(PROGRAM_OBJECTS)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(STATIC): $(LIBRARY_OBJECTS) $(OBJECT_LIST)
	$(call show,AR,$@)
	$(Q)rm -f $@ && $(ARCHIVE) $@ $(LIBRARY_OBJECTS)

# Symbols bear the number of the interface: two of them can be in one process without getting in each other's way.
SYMBOLS := $(BUILD)/libdensenet.map
$(SYMBOLS): Makefile
	@mkdir -p $(@D)
	$(Q)echo 'LIBDENSENET_$(SOVERSION) { global: dn_*; local: *; };' >$@

$(SHARED): $(LIBRARY_OBJECTS) $(SYMBOLS) $(OBJECT_LIST)
	$(call show,LD,$@)
	$(Q)$(LINK) -shared $(if $(APPLE),-Wl$(comma)-install_name$(comma)$(call quoted,$(LIBDIR)/$(SONAME)),\
	    -Wl$(comma)-soname$(comma)$(SONAME) \
	    $(if $(SANITIZE),,-Wl$(comma)--no-undefined -Wl$(comma)--version-script=$(call quoted,$(SYMBOLS)))) \
	    -o $@ $(LIBRARY_OBJECTS) $(LDLIBS)

$(PROGRAM): $(PROGRAM_OBJECTS) $(TOOL_OBJECTS) $(STATIC)
	$(call show,LD,$@)
	$(Q)$(LINK) $(HARDEN_PROGRAM) -o $@ $^ $(PROGRAM_LDLIBS) $(LDLIBS)

$(SAMPLES): $(BUILD)/docs/demo/samples.o $(STATIC)
	$(call show,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

# The program's parts, for tests that call them.
PARTS_OBJECTS := $(filter-out %/main.o,$(PROGRAM_OBJECTS))
$(BUILD)/ftrain/parts.a: $(PARTS_OBJECTS) $(OBJECT_LIST)
	$(call show,AR,$@)
	$(Q)rm -f $@ && $(ARCHIVE) $@ $(PARTS_OBJECTS)

$(TEST_PROGRAMS): OUR_LDFLAGS += $(if $(COVERAGE),-Wl$(comma)--wrap=_exit)
$(TEST_PROGRAMS): $(BUILD)/test/%: $(BUILD)/test/%.o $(TEST_SUPPORT) $(TOOL_OBJECTS) $(BUILD)/ftrain/parts.a $(STATIC)
	$(call show,LD,$@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(PROGRAM_LDLIBS) $(LDLIBS)

$(CHECKERS): %: %.o $(BUILD)/test/support/json_schema.o
	$(call show,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

$(FAULTS): $(wildcard test/faults/*.c) test/faults/faults.h
	@mkdir -p $(@D)
	$(call show,LD,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(OUR_CPPFLAGS)) -D_GNU_SOURCE -std=gnu11 -O1 -g -fPIC -fvisibility=hidden $(WARNINGS) -shared -o $@ \
	    $(filter %.c,$^) -ldl

$(BUILD)/test/crash/record.so: test/crash/record.c
	@mkdir -p $(@D)
	$(call show,LD,$@)
	$(Q)$(CC) $(OUR_CPPFLAGS) -std=gnu11 -O1 -fPIC $(WARNINGS) -shared -o $@ $< -ldl

$(BUILD)/test/crash/store: $(BUILD)/test/crash/store.o $(STATIC)
	$(call show,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

# ---- what must be there first ----

# Debian's packages, and what the build uses of them: tools, pkg-config modules, headers.
DEBIAN_PACKAGES := gcc make pkg-config libopenblas-dev libjpeg62-turbo-dev libturbojpeg0-dev libstb-dev libcmocka-dev \
                   libjansson-dev libzip-dev libxxhash-dev libcurl4-openssl-dev nettle-dev libsvm-dev libmicrohttpd-dev \
                   libwebp-dev libtiff-dev libheif-dev libprotobuf-c-dev protobuf-c-compiler libonnx-dev libseccomp-dev
# Debian's own packages of libdensenet are built without.
CLUSTER_PACKAGES := libopenmpi-dev openmpi-bin
NEEDED_TOOLS    := $(firstword $(CC)) $(firstword $(PKG_CONFIG)) $(PROTOC_C)
NEEDED_MODULES  := $(LIBRARY_PACKAGES) $(PROGRAM_PACKAGES) libmicrohttpd libwebp libtiff-4 libheif libprotobuf-c libseccomp \
                   $(or $(MPI),ompi-c) cmocka
NEEDED_HEADERS  := stb/stb_image.h stb/stb_image_resize.h stb/stb_image_write.h libsvm/svm.h onnx/onnx.proto
# Prints what is missing, on one line; nothing when all is there.
LIST_MISSING = { \
    for tool in $(NEEDED_TOOLS); do command -v $$tool >/dev/null || echo $$tool; done; \
    for module in $(NEEDED_MODULES); do $(PKG_CONFIG) --exists $$module 2>/dev/null || echo $$module; done; \
    for header in $(NEEDED_HEADERS); do \
        echo "\#include <$$header>" | $(CC) -E -o /dev/null - 2>/dev/null || echo $$header; done; } | paste -sd' ' -

.PHONY: deps
deps:
	@missing=$$($(LIST_MISSING)); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "missing: $$missing; installing Debian's packages: $(DEBIAN_PACKAGES) $(CLUSTER_PACKAGES)"; \
	if ! command -v apt-get >/dev/null; then \
	    echo "there is no apt-get here: install what these packages hold by your system's means" >&2; exit 1; fi; \
	root=; if [ "$$(id -u)" != 0 ]; then root=sudo; fi; \
	$$root apt-get update -qq && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(DEBIAN_PACKAGES) $(CLUSTER_PACKAGES) && \
	missing=$$($(LIST_MISSING)); \
	if [ -n "$$missing" ]; then echo "still missing: $$missing" >&2; exit 1; fi

# Variables above that ask pkg-config are read before deps can install it: what needs both starts make again.
AGAIN = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(getconf _NPROCESSORS_ONLN))

# ---- tests ----

# Other compilers, C libraries and processors: make portability PARTS='clang lto'.
PARTS ?=
portability: all
	@BUILD='$(BUILD)' test/portability/portability.sh $(PARTS)

.PHONY: test check asan ubsan tsan msan valgrind portability abi golden digests digests-aarch64 coverage coverage-built
test: deps
	+@$(AGAIN) check $(if $(filter file,$(origin WERROR)),WERROR=-Werror)

check: all $(if $(filter bench,$(TESTS)),$(BENCH)) $(TEST_PROGRAMS) $(SAMPLES) $(FAULTS) $(CHECKERS) $(CRASH)
	@for folder in $(TESTS); do ls -d test/$$folder/* 2>/dev/null | grep -q '/\(test\|check\)_' || \
	    { echo "TESTS: there are no tests in test/$$folder" >&2; exit 2; }; done
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' CC='$(CC)' test/run.sh $(TEST_PROGRAMS) $(TEST_SCRIPTS)

asan:
	@$(MAKE) --no-print-directory SANITIZE=1 test

ubsan:
	@$(MAKE) --no-print-directory SANITIZE=undefined CC=clang OPTIMIZE=-O1 test

# Threads are what the program and tests take where they take one for each core, or try several numbers of them. What
# is left out starts no thread of this tree's: readings of the tree, and inputs of the fuzzer's.
tsan:
	@DN_TEST_THREADS=8 $(MAKE) --no-print-directory SANITIZE=thread \
	    TESTS='$(filter-out house bench fuzz json,$(TESTS))' test

# What the tests run of the sources. test/house is about the tree and builds of its own, test/bench about times; test/faults and
# test/crash let calls fail and kill programs, also while these write their counts. Without the sandbox, in which a program could not.
coverage: deps
	@if [ -d $(BUILD)/coverage ]; then find $(BUILD)/coverage -name '*.gcda' -delete; fi
	+@$(AGAIN) coverage-built BUILD=$(call quoted,$(abspath $(BUILD)/coverage)) COVERAGE=1 OPTIMIZE=-O1 HARDEN= SECCOMP= \
	    TESTS=$(call quoted,$(filter-out $(if $(filter file,$(origin TESTS)),house bench faults crash),$(TESTS)))

coverage-built: check
	@test/house/coverage.py $(BUILD)
	@if command -v genhtml >/dev/null; then \
	    genhtml --quiet --branch-coverage --title ftrain --output-directory $(BUILD)/html $(BUILD)/coverage.info && \
	    echo $(BUILD)/html/index.html; else echo 'no pages: genhtml is in the package lcov'; fi

# What is left out calls decoders of pictures, a server, curl, libsvm or MPI, which write where MemorySanitizer does not
# see it: test/sanitizers/libraries.c knows the other libraries.
MSAN_CC    := $(if $(findstring clang,$(CC)),$(CC),clang)
MSAN_ROOMS := core/% layers/% weights/% densenet/% head/%
MSAN_DOORS := safetensors pickle weights model store journal checkpoint decisions manifest json names npy npz options lists guard
MSAN_TESTS := $(filter $(MSAN_ROOMS:%=$(BUILD)/test/%) $(MSAN_DOORS:%=$(BUILD)/test/fuzz/test_%),$(TEST_PROGRAMS))
.PHONY: msan-built
msan: deps
	@command -v $(lastword $(MSAN_CC)) >/dev/null || { echo "msan: there is no clang here; it is Debian's package clang" >&2; exit 2; }
	+@$(AGAIN) msan-built SANITIZE=memory OPTIMIZE=-O1 CC=$(call quoted,$(MSAN_CC))

msan-built: $(MSAN_TESTS)
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' CC='$(CC)' test/run.sh $(MSAN_TESTS)

# Test programs and the program as they are built for users, under memcheck, which knows no AVX-512. What is left out
# measures memory, or stands in front of malloc(), where memcheck has to stand (test/support/calls.c); is locked into a
# filter of system calls, in which valgrind cannot make its own; or computes for so long that it would take hours.
VALGRIND_ROOMS := core/% io/% weights/% head/% ftrain/% json/% layers/% densenet/% classifier/% fuzz/%
VALGRIND_UNFIT := %_failures %/test_allowance %/test_image_memory %/test_sandbox_seccomp
VALGRIND_SLOW  := io/test_duplicates layers/test_conv2d layers/test_conv2d_int8 densenet/test_densenet densenet/test_digests densenet/test_int8 \
                  densenet/test_threads densenet/test_model_load densenet/test_weights head/test_train classifier/test_memory classifier/test_judge
VALGRIND_TESTS := $(filter-out $(VALGRIND_UNFIT) $(VALGRIND_SLOW:%=$(BUILD)/test/%),\
                      $(filter $(VALGRIND_ROOMS:%=$(BUILD)/test/%),$(TEST_PROGRAMS)))
VALGRIND_PROGRAM := test/sanitizers/memcheck_program.sh
.PHONY: valgrind-built
valgrind: deps
	@command -v valgrind >/dev/null || { echo "valgrind: there is none here; it is Debian's package valgrind" >&2; exit 2; }
	+@$(AGAIN) valgrind-built

valgrind-built: all $(VALGRIND_TESTS) $(CHECKERS)
	@failed=; \
	BUILD='$(BUILD)' DN_ISA=avx2 RUN_WITH=test/sanitizers/memcheck.sh \
	    test/run.sh $(VALGRIND_TESTS) $(VALGRIND_PROGRAM) || failed=1; \
	BUILD='$(BUILD)' DN_ISA=portable RUN_WITH=test/sanitizers/memcheck.sh \
	    test/run.sh $(filter $(BUILD)/test/densenet/% $(BUILD)/test/classifier/%,$(VALGRIND_TESTS)) $(VALGRIND_PROGRAM) || \
	    failed=1; \
	[ -z "$$failed" ]

# Minutes for each door, and one door alone; what was found, and a corpus that grows from run to run, lies in build/fuzz.
MINUTES ?= 1
DOOR    ?=
FUZZERS := $(FUZZ_DOORS:%=$(BUILD)/fuzzers/%)
.PHONY: fuzz fuzz-built fuzz-keep
fuzz fuzz-keep: deps
	@for door in $(DOOR); do [ -e test/fuzz/test_$$door.c ] || \
	    { echo "DOOR: '$$door' is none of $(FUZZ_DOORS)" >&2; exit 2; }; done
	+@$(AGAIN) fuzz-built BUILD=$(call quoted,$(BUILD)/fuzz) SANITIZE=fuzzer-no-link,address,undefined OPTIMIZE=-O1 \
	    CC=$(call quoted,$(if $(findstring clang,$(CC)),$(CC),clang)) FUZZ_ARGS=$(if $(filter fuzz-keep,$@),--keep)

fuzz-built: $(if $(DOOR),$(DOOR:%=$(BUILD)/fuzzers/%),$(FUZZERS))
	@MINUTES='$(MINUTES)' test/fuzz/fuzz.sh $(FUZZ_ARGS) $^

# What knows the form of a door's inputs.
$(addprefix $(BUILD)/fuzzers/,safetensors model store checkpoint): $(BUILD)/test/fuzz/mutate_safetensors.o
$(BUILD)/fuzzers/weights $(BUILD)/fuzzers/npz: $(BUILD)/test/fuzz/mutate_zip.o
$(BUILD)/fuzzers/journal: $(BUILD)/test/fuzz/mutate_journal.o
$(FUZZERS): $(BUILD)/fuzzers/%: $(BUILD)/test/fuzz/test_%.o $(BUILD)/test/fuzz/fuzz.o $(BUILD)/ftrain/parts.a $(STATIC)
	@mkdir -p $(@D)
	$(call show,LD,$@)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(PROGRAM_LDLIBS) $(LDLIBS)

# Power that fails, and kills, while a command writes: docs/testing.md. SEED=2: other states and moments.
SEED  ?= 1
KILLS ?= 200
.PHONY: crash crash-built
crash: deps
	+@$(AGAIN) crash-built

crash-built: $(PROGRAM) $(CRASH)
	@command -v python3 >/dev/null || { echo 'crash: python3 is missing: install the package of that name' >&2; exit 1; }
	@test/crash/crash.py --seed $(SEED) $(BUILD)
	@test/crash/kills.py --seed $(SEED) --kills $(KILLS) $(BUILD)
	@test/crash/full.py --seed $(SEED) $(BUILD)

# Cases of each command (empty: all), drawn by SEED; some commands, calls and modes alone; of a call that is made often every
# EVERY-th: test/faults/faults.py.
CASES ?=
EVERY ?= 1
COMMANDS ?=
CALLS ?=
MODES ?=
.PHONY: faults faults-built
faults: deps
	+@$(AGAIN) faults-built

faults-built: $(PROGRAM) $(FAULTS)
	@$(PYTHON) test/faults/faults.py $(PROGRAM) $(FAULTS) --every $(EVERY) $(CASES:%=--cases %) $(SEED:%=--seed %) \
	    $(if $(COMMANDS),--commands $(subst $(space),$(comma),$(COMMANDS))) \
	    $(if $(CALLS),--calls $(subst $(space),$(comma),$(CALLS))) $(if $(MODES),--modes $(subst $(space),$(comma),$(MODES)))

# The browser is installed where it is missing and can be; the tests skip, and say why, where it is still missing.
BROWSER_PACKAGES := chromium chromium-driver python3-selenium
.PHONY: browser browser-built
browser: deps
	@if ! { command -v chromium && command -v chromedriver && $(PYTHON) -c 'import selenium'; } >/dev/null 2>&1 && \
	    command -v apt-get >/dev/null; then \
	    root=; if [ "$$(id -u)" != 0 ]; then root=sudo; fi; \
	    $$root apt-get update -qq && \
	    $$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(BROWSER_PACKAGES) || \
	        echo "a browser cannot be installed here: $(BROWSER_PACKAGES)" >&2; fi
	+@$(AGAIN) browser-built

browser-built: $(PROGRAM) $(SAMPLES)
	@BUILD='$(BUILD)' test/run.sh $(wildcard test/browser/test_*.py)

# Long runs, in which nothing may grow and no answer change: test/soak/soak.sh. MINUTES is above.
CLIENTS ?= 8
FILES   ?= 200000
CLASSES ?= 10000
.PHONY: soak soak-built soak-files soak-files-built sizes sizes-built
soak soak-files sizes: deps
	+@$(AGAIN) $@-built

soak-built: $(PROGRAM)
	@BUILD='$(BUILD)' test/soak/soak.sh serve --minutes '$(MINUTES)' --clients '$(CLIENTS)'

soak-files-built: $(PROGRAM)
	@BUILD='$(BUILD)' test/soak/soak.sh files --count '$(FILES)'

# Sets of the sizes that docs/limits.md tells of.
sizes-built: $(PROGRAM)
	@BUILD='$(BUILD)' FILES='$(FILES)' CLASSES='$(CLASSES)' test/sizes/sizes.sh $(PARTS)

# Others' programs, which read what `ftrain export` writes. What cannot be installed is named, and skipped by the tests.
.PHONY: interop interop-built
interop: deps
	@bench/peers/install.sh $(PEERS) torch onnx onnxruntime pandas sklearn
	+@$(AGAIN) interop-built

interop-built: all $(SAMPLES)
	@BUILD='$(BUILD)' CC='$(CC)' test/run.sh $(wildcard test/interop/test_*)

# The list of what programs are compiled against, written anew: test/house/abi.txt, and Debian's symbols.
abi:
	CC='$(CC)' test/house/check_abi.sh --update

golden:
	set -e; for script in $(wildcard test/golden/*/oracle_*.py); do echo $$script; $(PYTHON) $$script; done

# What this machine can compute of test/golden/digests.tsv, written anew; other machines' rows stay as they are.
DIGEST_TESTS := $(BUILD)/test/densenet/test_digests $(BUILD)/test/head/test_digests $(BUILD)/test/classifier/test_digests
digests: $(DIGEST_TESTS)
	@for test in $(DIGEST_TESTS); do $$test --update || exit 1; done

# Those of aarch64, in an emulator.
digests-aarch64:
	@BUILD='$(BUILD)' test/portability/portability.sh --update

# ---- demo, weights ----

.PHONY: demo demo-built walkthrough walkthrough-built weights weights-built
# Networks' numbers and options: make weights WEIGHTS='121 --url https://example.org/densenet121.safetensors'
WEIGHTS ?=
demo: deps
	+@$(AGAIN) demo-built

demo-built: $(PROGRAM) $(SAMPLES)
	@BUILD='$(BUILD)' docs/demo/demo.sh

walkthrough: deps
	+@$(AGAIN) walkthrough-built

walkthrough-built: $(PROGRAM) $(SAMPLES) $(CHECKERS)
	@BUILD='$(BUILD)' test/support/transcript.sh --within 0.1 docs/walkthrough.md

weights: deps
	+@$(AGAIN) weights-built

weights-built: $(PROGRAM)
	$(PROGRAM) weights $(WEIGHTS)

# ---- installation ----

PUBLIC_HEADERS := core/status.h io/image.h densenet/densenet.h head/training.h head/novelty.h head/metrics.h \
                  head/conformal.h head/classifier/classifier.h head/classifier/picture_keys.h
# The one with all of them, which programs know as <densenet.h>.
UMBRELLA_HEADER := head/classifier/libdensenet.h
SCHEMAS := $(wildcard docs/json/*.schema.json)
# Where a file goes, below DESTDIR.
at        = $(call quoted,$(DESTDIR)$(1))
INSTALLED = $(foreach f,libdensenet.a libdensenet.so.$(VERSION) $(SONAME) libdensenet.so pkgconfig/densenet.pc \
                    cmake/densenet/densenetConfig.cmake cmake/densenet/densenetConfigVersion.cmake,\
                $(call at,$(LIBDIR)/$(f))) \
            $(call at,$(PREFIX)/bin/ftrain) $(call at,$(MANDIR)/man1/ftrain.1) $(call at,$(MANDIR)/man3/libdensenet.3) \
            $(call at,$(COMPLETIONDIR)/ftrain) \
            $(call at,$(ZSHCOMPLETIONDIR)/_ftrain) $(call at,$(FISHCOMPLETIONDIR)/ftrain.fish) \
            $(foreach f,$(notdir $(SCHEMAS)),$(call at,$(SCHEMADIR)/$(f))) \
            $(call at,$(INCLUDEDIR)/densenet.h) $(foreach h,$(notdir $(PUBLIC_HEADERS)),$(call at,$(INCLUDEDIR)/densenet/$(h)))
# A folder's name in sed's replacement.
in_sed    = $(subst |,\|,$(subst &,\&,$(subst \,\\,$(1))))
# What the installed texts say about this build.
FILL_IN   = sed -e $(call quoted,s|@PREFIX@|$(call in_sed,$(PREFIX))|) -e $(call quoted,s|@LIBDIR@|$(call in_sed,$(LIBDIR))|) \
            -e $(call quoted,s|@INCLUDEDIR@|$(call in_sed,$(INCLUDEDIR))|) -e 's|@VERSION@|$(VERSION)|' \
            -e 's|@MAJOR@|$(call VERSION_OF,MAJOR)|' -e 's|@MINOR@|$(call VERSION_OF,MINOR)|' \
            -e 's|@SHARED@|libdensenet.so.$(VERSION)|' -e 's|@SONAME@|$(SONAME)|'
# Headers name each other from the root of the tree; installed, as programs do.
PUBLIC_INCLUDES = sed 's|^\#include "[a-z/]*/\([a-z_]*\.h\)"|\#include <densenet/\1>|'
install_headers = for header in $(PUBLIC_HEADERS); do \
	    $(PUBLIC_INCLUDES) $$header >$(1)/densenet/$${header\#\#*/} || exit 1; done; \
	    $(PUBLIC_INCLUDES) $(UMBRELLA_HEADER) >$(1)/densenet.h
PRIVATE_LIBS = $(shell $(PKG_CONFIG) --libs $(filter $(OPEN_ENDED),$(LIBRARY_PACKAGES))) -lm -pthread

.PHONY: install uninstall
install: all
	for file in $(INSTALLED); do install -d "$$(dirname "$$file")" || exit 1; done
	install -m 644 $(STATIC) $(call at,$(LIBDIR)/)
	install -m 755 $(SHARED) $(call at,$(LIBDIR)/)
	ln -sf libdensenet.so.$(VERSION) $(call at,$(LIBDIR)/$(SONAME))
	ln -sf $(SONAME) $(call at,$(LIBDIR)/libdensenet.so)
	install -m 755 $(PROGRAM) $(call at,$(PREFIX)/bin/)
	install -m 644 docs/ftrain.1 $(call at,$(MANDIR)/man1/)
	install -m 644 docs/libdensenet.3 $(call at,$(MANDIR)/man3/)
	install -m 644 docs/completion/ftrain.bash $(call at,$(COMPLETIONDIR)/ftrain)
	install -m 644 docs/completion/_ftrain $(call at,$(ZSHCOMPLETIONDIR)/)
	install -m 644 docs/completion/ftrain.fish $(call at,$(FISHCOMPLETIONDIR)/)
	install -m 644 $(SCHEMAS) $(call at,$(SCHEMADIR)/)
	$(call install_headers,$(call at,$(INCLUDEDIR)))
	$(FILL_IN) -e 's|@REQUIRES@|$(filter-out $(OPEN_ENDED),$(LIBRARY_PACKAGES))|' -e 's|@LIBS@|$(PRIVATE_LIBS)|' \
	    densenet.pc.in >$(call at,$(LIBDIR)/pkgconfig/densenet.pc)
	$(FILL_IN) -e 's|@LIBS@|$(subst $(space),;,$(strip $(LDLIBS)))|' densenetConfig.cmake.in \
	    >$(call at,$(LIBDIR)/cmake/densenet/densenetConfig.cmake)
	$(FILL_IN) densenetConfigVersion.cmake.in >$(call at,$(LIBDIR)/cmake/densenet/densenetConfigVersion.cmake)

uninstall:
	rm -f $(INSTALLED)
	for folder in $(call at,$(INCLUDEDIR)/densenet) $(call at,$(LIBDIR)/cmake/densenet) $(call at,$(SCHEMADIR)) \
	    $(call at,$(PREFIX)/share/densenet); do \
	    if [ -d "$$folder" ]; then rmdir "$$folder"; fi; done

# ---- the reference of the public headers: docs/reference/reference.sh ----

# The headers as they are installed, which doxygen reads.
REFERENCE_HEADERS := $(BUILD)/reference/include
.PHONY: reference
reference: $(REFERENCE_HEADERS)
	@docs/reference/reference.sh $(REFERENCE_HEADERS) $(BUILD)/reference
	@echo $(BUILD)/reference/html/index.html

.PHONY: $(REFERENCE_HEADERS)
$(REFERENCE_HEADERS):
	$(Q)mkdir -p $@/densenet
	$(Q)$(call install_headers,$@)

# ---- bench: how fast it is, alone and beside others (bench/README.md) ----

BENCH_SOURCES := $(filter-out $(FOREIGN),$(wildcard bench/*.c))
PEERS         := $(BUILD)/peers
PEER_ENGINES  := $(PEERS)/ours $(PEERS)/pictures $(if $(wildcard /usr/include/dnnl.h),$(PEERS)/onednn)
# Options for bench, for the comparison and for the capstone's job: make bench BENCH_ARGS='--quick network'
BENCH_ARGS    ?=
# A file outside the tree that gets a line for each run of bench and of bench-peers.
BENCH_HISTORY ?=
HISTORY       := $(PYTHON) bench/history/history.py
# Before a run that takes long: can the line be written? And the line: $(call RECORD,program,its JSON)
CHECK_HISTORY = $(if $(BENCH_HISTORY),@$(HISTORY) check $(call quoted,$(BENCH_HISTORY)))
RECORD        = $(if $(BENCH_HISTORY),@$(HISTORY) append $(call quoted,$(BENCH_HISTORY)) $(1) $(2))
# For bench-compare: the commit to compare with, and how often both are run.
BASE ?=
PAIRS ?= 9

$(BENCH): $(BENCH_SOURCES:%.c=$(BUILD)/%.o) $(STATIC)
	$(call show,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

$(PEERS)/onednn: $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/peers/onednn_*.c))
$(PEERS)/ours $(PEERS)/pictures $(PEERS)/onednn: $(PEERS)/%: $(BUILD)/bench/peers/%.o $(BUILD)/bench/peers/server.o $(STATIC)
	@mkdir -p $(@D)
	$(call show,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(if $(filter onednn,$*),-ldnnl) $(LDLIBS)

# Made from seeds, so an old file is as good as a new one.
$(PEERS)/weights.safetensors: | $(BENCH)
	$(BENCH) prepare $(PEERS)

# One of the pictures, which are written together.
$(PEERS)/picture_512.jpg: | $(BENCH)
	$(BENCH) pictures $(PEERS)

.PHONY: bench bench-built bench-peers bench-peers-built bench-pictures bench-pictures-built bench-capstone bench-capstone-built
bench: deps
	+@$(AGAIN) bench-built

bench-built: $(BENCH)
	$(CHECK_HISTORY)
	$(BENCH) --json $(BUILD)/bench.json $(BENCH_ARGS)
	$(call RECORD,bench,$(BUILD)/bench.json)

bench-peers: deps
	@bench/peers/install.sh $(PEERS)
	+@$(AGAIN) bench-peers-built

bench-peers-built: $(PEER_ENGINES) $(PEERS)/weights.safetensors
	$(CHECK_HISTORY)
	$(PYTHON) bench/peers/compare.py --work $(PEERS) --json $(BUILD)/bench-peers.json $(BENCH_ARGS)
	$(call RECORD,bench-peers,$(BUILD)/bench-peers.json)
	+@$(AGAIN) bench-pictures-built BENCH_ARGS=

bench-pictures: deps
	@bench/peers/install.sh $(PEERS) torch
	+@$(AGAIN) bench-pictures-built

bench-pictures-built: $(PEERS)/pictures $(PEERS)/picture_512.jpg
	$(PYTHON) bench/peers/compare.py --work $(PEERS) --json $(BUILD)/bench-pictures.json --pictures $(BENCH_ARGS)

# What BENCH_HISTORY holds: make bench-history BENCH_ARGS='--last 30 --part training'
.PHONY: bench-history bench-compare bench-compare-built
bench-history:
	@$(if $(BENCH_HISTORY),,echo 'bench-history: name the file: BENCH_HISTORY=FILE' >&2; exit 2)
	@$(HISTORY) draw $(call quoted,$(BENCH_HISTORY)) $(BENCH_ARGS)

bench-compare: deps
	+@$(AGAIN) bench-compare-built

bench-compare-built: $(BENCH)
	+@BUILD='$(BUILD)' MAKE='$(MAKE)' PYTHON='$(PYTHON)' PAIRS='$(PAIRS)' \
	    bench/history/compare.sh $(call quoted,$(BASE)) $(BENCH_ARGS)

bench-capstone: deps
	@bench/peers/install.sh $(PEERS)
	+@$(AGAIN) bench-capstone-built

bench-capstone-built: $(PROGRAM) $(PEERS)/weights.safetensors
	BUILD='$(BUILD)' PYTHON='$(PYTHON)' bench/end_to_end.sh $(BENCH_ARGS)

SHARE := $(BUILD)/bench/share/share
$(SHARE): $(BUILD)/bench/share/share.o $(STATIC)
	$(call show,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: bench-share bench-share-built
bench-share: deps
	+@$(AGAIN) bench-share-built

bench-share-built: $(SHARE)
	$(SHARE) $(BUILD) $(BENCH_ARGS)

SERVE_LOAD := $(BUILD)/bench/serve/load
$(SERVE_LOAD): $(BUILD)/bench/serve/load.o $(STATIC)
	$(call show,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

.PHONY: bench-serve bench-serve-built
bench-serve: deps
	+@$(AGAIN) bench-serve-built

bench-serve-built: $(PROGRAM) $(SAMPLES) $(SERVE_LOAD)
	BUILD='$(BUILD)' bench/serve/serve.sh $(BENCH_ARGS)

# ---- what reads the sources and finds faults in them; docs/testing.md ----

need = @command -v $(1) >/dev/null || { echo "$(1) is not installed: it is in Debian's package $(1)" >&2; exit 2; }
.PHONY: lint analyze cppcheck tidy shellcheck sources-read
lint: shellcheck cppcheck analyze tidy
	@for what in format includes licence; do test/house/check_$$what.sh || exit 1; done

# Each is a build of its own, whose objects tell what has been read already. gcc's analyzer follows conditions only as they are
# written: optimized, two tests become one, and it loses both.
analyze: deps
	+@$(AGAIN) sources-read BUILD=$(call quoted,$(BUILD)/analyze) ANALYZE=1 CC=gcc OPTIMIZE=-O0 HARDEN= WERROR=-Werror

tidy: deps
	$(call need,clang-tidy)
	+@$(AGAIN) sources-read BUILD=$(call quoted,$(BUILD)/tidy) TIDY=clang-tidy CC=clang HARDEN=

sources-read: $(LIBRARY_OBJECTS) $(PROGRAM_SOURCES:%.c=$(BUILD)/%.o)

# It looks at one set of macros, that of the sources as they are built here, and knows no attributes: __GNUC__ would show it some.
cppcheck:
	$(call need,cppcheck)
	@mkdir -p $(BUILD)/cppcheck
	@cppcheck --quiet -j $$(getconf _NPROCESSORS_ONLN) --cppcheck-build-dir=$(BUILD)/cppcheck --error-exitcode=1 --std=c11 \
	    --platform=unix64 --library=posix --enable=warning,performance,portability --inline-suppr \
	    --suppressions-list=test/house/cppcheck.txt --include=test/house/cppcheck.h --template=gcc -U__GNUC__ -D__linux__ $(if $(X86_64),-D__x86_64__) \
	    $(filter -D% -I%,$(OUR_CPPFLAGS)) $(LIBRARY_SOURCES) $(PROGRAM_SOURCES)

shellcheck:
	$(call need,shellcheck)
	@shellcheck -S style $$(git ls-files '*.sh')

# ---- housekeeping ----

.PHONY: format clean
format:
	test/house/check_licence.sh --add
	clang-format -i $(wildcard $(foreach e,c h inc cpp hpp,*/*.$(e) */*/*.$(e) */*/*/*.$(e)))

clean:
	rm -rf build

# The last commit's files, below a folder of that name; git alone says which they are.
RELEASE := densenet-$(VERSION)
.PHONY: dist
dist:
	$(Q)git archive --format=tar.gz --prefix=$(RELEASE)/ --output=$(RELEASE).tar.gz HEAD
	@echo $(RELEASE).tar.gz

# The program with what it is linked with beside it: package/static.sh.
STANDALONE := $(BUILD)/static/ftrain
$(STANDALONE): $(PROGRAM_OBJECTS) $(STATIC)
	@mkdir -p $(@D)
	$(call show,LD,$@)
	$(Q)$(LINK) $(HARDEN_PROGRAM) -Wl,--disable-new-dtags '-Wl,-rpath,$$ORIGIN/lib' -o $@ $^ $(PROGRAM_LDLIBS) $(LDLIBS)

.PHONY: static static-built
# Without MPI, which finds most of itself in folders of the system's.
static: deps
	+@$(AGAIN) static-built MPI=

static-built: $(STANDALONE)
	@package/static.sh $(STANDALONE) ftrain-$(VERSION)-$(firstword $(subst -, ,$(TARGET)))

# Debian's packages of the last commit: package/deb.sh.
.PHONY: deb try-deb
deb:
	@BUILD='$(BUILD)' package/deb.sh

try-deb:
	@BUILD='$(BUILD)' package/try_deb.sh

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
