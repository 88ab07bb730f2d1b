/* SPDX-License-Identifier: MIT */
/* What a process in a sandbox cannot do any more, and what it still can. Each case is a process of its own,
 * which enters the sandbox and says by its exit status what became of the attempt. That commands work in it
 * is tested by test/cli/test_sandbox.sh and test/cli/test_serve.sh. */
#include "ftrain/sandbox/sandbox.h"

#include "ftrain/sandbox/filter.h"
#include "ftrain/shell/message.h"
#include "test/support/files.h"
#include "test/support/sanitizer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef outcome (*entrance)(void);
typedef int (*attempt)(void); /* what the process exits with */

enum { NOT_IN_SANDBOX = 100 };

/* ---- a folder with files in it, and a picture outside ---- */

static char *folder;
static char in[256], inside[256], outside[256], link_out[256], said[256];

static int make_files(void **state) {
    (void)state;
    folder = make_folder();
    snprintf(in, sizeof in, "%s/in", folder);
    snprintf(inside, sizeof inside, "%s/in/file", folder);
    snprintf(link_out, sizeof link_out, "%s/in/link", folder);
    snprintf(outside, sizeof outside, "%s/outside", folder);
    snprintf(said, sizeof said, "%s/said", folder);
    assert_int_equal(mkdir(in, 0700), 0);
    write_whole(inside, "inside", 6);
    write_whole(outside, "outside", 7);
    return symlink("../outside", link_out);
}

static int remove_files(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

/* ---- cases ---- */

static outcome enter_reader(void) {
    const char *const paths[] = {in, "/not/there"};
    return sandbox_enter_reader(paths, 2);
}

static outcome enter_server(void) {
    return sandbox_enter_server(true);
}

/* The process's exit status, or 256 and the signal that has ended it. Its messages are in the file `said`. */
static int end_of(entrance enter, attempt try) {
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) skip(); /* an emulated kernel, which has no filters */
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (!freopen(said, "w", stderr)) _exit(NOT_IN_SANDBOX);
        setvbuf(stderr, NULL, _IONBF, 0);
        if (enter()) _exit(NOT_IN_SANDBOX);
        _exit(try());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool has_said(const char *words) {
    file_bytes text = read_whole(said);
    bool found = false;
    for (size_t i = 0; !found && i + strlen(words) <= text.size; i++)
        found = memcmp(text.data + i, words, strlen(words)) == 0;
    free(text.data);
    return found;
}

/* ---- what ends the process ---- */

static long called;

static int call_it(void) {
    syscall(called, 0, 0, 0, 0, 0, 0);
    return 0;
}

static void test_what_an_intruder_begins_with_ends_the_process(void **state) {
    static const struct {
        const char *name;
        long number;
    } calls[] = {
        {"execve", SYS_execve},
        {"execveat", SYS_execveat},
        {"kill", SYS_kill},
        {"tkill", SYS_tkill},
        {"ptrace", SYS_ptrace},
        {"process_vm_readv", SYS_process_vm_readv},
        {"process_vm_writev", SYS_process_vm_writev},
        {"socket", SYS_socket},
        {"socketpair", SYS_socketpair},
        {"connect", SYS_connect},
        {"bind", SYS_bind},
        {"listen", SYS_listen},
        {"unlinkat", SYS_unlinkat},
        {"renameat2", SYS_renameat2},
        {"linkat", SYS_linkat},
        {"symlinkat", SYS_symlinkat},
        {"mkdirat", SYS_mkdirat},
        {"fchmodat", SYS_fchmodat},
        {"fchownat", SYS_fchownat},
        {"truncate", SYS_truncate},
        {"ftruncate", SYS_ftruncate},
        {"memfd_create", SYS_memfd_create},
        {"mount", SYS_mount},
        {"unshare", SYS_unshare},
        {"setns", SYS_setns},
        {"bpf", SYS_bpf},
        {"io_uring_setup", SYS_io_uring_setup},
        {"userfaultfd", SYS_userfaultfd},
        {"perf_event_open", SYS_perf_event_open},
        {"keyctl", SYS_keyctl},
        {"setresuid", SYS_setresuid},
#ifdef SYS_fork /* newer architectures have none of these */
        {"fork", SYS_fork},
        {"vfork", SYS_vfork},
        {"unlink", SYS_unlink},
        {"rename", SYS_rename},
        {"mkdir", SYS_mkdir},
        {"chmod", SYS_chmod},
        {"symlink", SYS_symlink},
#endif
    };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (FILTER_BEARS_LEAK_SEARCH && calls[i].number == SYS_ptrace) continue;
        called = calls[i].number;
        for (int k = 0; k < 2; k++) {
            const int end = end_of(k ? enter_server : enter_reader, call_it);
            if (end != 256 + SIGSYS) print_error("%s: %d\n", calls[i].name, end);
            assert_int_equal(end, 256 + SIGSYS);
            assert_true(has_said(calls[i].name));
        }
    }
}

static int start_a_process(void) {
    return fork() == 0;
}

static int start_a_program(void) {
    char name[] = "true", *words[] = {name, NULL}, *variables[] = {NULL};
    pid_t child;
    return posix_spawn(&child, "/bin/true", NULL, NULL, words, variables);
}

static int block_and_call(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return (int)syscall(SYS_execve, NULL, NULL, NULL);
}

static int ignore_and_call(void) {
    if (signal(SIGSYS, SIG_IGN) != SIG_ERR) return 1;
    return (int)syscall(SYS_execve, NULL, NULL, NULL);
}

static void test_neither_does_the_c_library_start_any(void **state) {
    (void)state;
    if (FILTER_BEARS_LEAK_SEARCH) skip();
    assert_int_equal(end_of(enter_reader, start_a_process), 256 + SIGSYS);
    assert_int_equal(end_of(enter_reader, start_a_program), 256 + SIGSYS);
}

static void test_the_end_cannot_be_put_off(void **state) {
    (void)state;
    if (SANITIZER_COUNTS_THREADS) skip(); /* ThreadSanitizer's own handler puts every signal off */
    assert_int_equal(end_of(enter_server, block_and_call), 256 + SIGSYS);
    assert_int_equal(end_of(enter_server, ignore_and_call), 256 + SIGSYS);
}

/* ---- what fails ---- */

/* Exits with the error, 0 where there is none. */
#define DEFINE_ATTEMPT(name, ...)                                                                            \
    static int name(void) {                                                                                  \
        return (__VA_ARGS__) == -1 ? errno : 0;                                                              \
    }

DEFINE_ATTEMPT(open_to_write, open(inside, O_WRONLY))
DEFINE_ATTEMPT(open_to_read_and_write, open(inside, O_RDWR))
DEFINE_ATTEMPT(open_to_cut, open(inside, O_RDONLY | O_TRUNC))
DEFINE_ATTEMPT(make_a_file, open(said, O_RDONLY | O_CREAT, 0600))
DEFINE_ATTEMPT(open_by_openat2,
               (int)syscall(437 /* openat2, the same everywhere */, AT_FDCWD, inside, NULL, 0))
DEFINE_ATTEMPT(signal_the_parent, (int)syscall(SYS_tgkill, getppid(), getppid(), 0))
DEFINE_ATTEMPT(type_on_the_terminal, ioctl(STDIN_FILENO, TIOCSTI, "x"))
DEFINE_ATTEMPT(have_the_kernel_signal, fcntl(STDIN_FILENO, F_SETOWN, getppid()))
DEFINE_ATTEMPT(raise_a_limit, setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}))
DEFINE_ATTEMPT(change_what_it_is, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
DEFINE_ATTEMPT(send_and_connect, (int)sendto(STDIN_FILENO, "", 1, 0x20000000 /* MSG_FASTOPEN */, NULL, 0))
DEFINE_ATTEMPT(read_inside, open(inside, O_RDONLY))
DEFINE_ATTEMPT(read_outside, open(outside, O_RDONLY))
DEFINE_ATTEMPT(read_by_a_link, open(link_out, O_RDONLY))
DEFINE_ATTEMPT(read_upwards, open("/etc/passwd", O_RDONLY))

static int make_code(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno
                                                                                                     : 0;
}

static int turn_into_code(void) {
    void *const memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(memory, 4096, PROT_READ | PROT_EXEC) ? errno : 0;
}

static void test_files_are_read_and_not_written(void **state) {
    (void)state;
    assert_int_equal(end_of(enter_reader, read_inside), 0);
    assert_int_equal(end_of(enter_reader, open_to_write), EACCES);
    assert_int_equal(end_of(enter_reader, open_to_read_and_write), EACCES);
    assert_int_equal(end_of(enter_reader, open_to_cut), EACCES);
    assert_int_equal(end_of(enter_reader, make_a_file), EACCES);
    assert_int_equal(end_of(enter_reader, open_by_openat2), ENOSYS);
}

static void test_a_server_opens_no_file(void **state) {
    (void)state;
    if (FILTER_BEARS_LEAK_SEARCH) skip();
    assert_int_equal(end_of(enter_server, read_inside), EACCES);
    assert_int_equal(end_of(enter_server, open_to_write), EACCES);
    assert_int_equal(end_of(enter_server, open_by_openat2), ENOSYS);
}

static void test_others_are_left_alone(void **state) {
    (void)state;
    static const attempt attempts[] = {signal_the_parent, type_on_the_terminal, have_the_kernel_signal,
                                       raise_a_limit, send_and_connect};
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        assert_int_equal(end_of(enter_reader, attempts[i]), ENOSYS);
        assert_int_equal(end_of(enter_server, attempts[i]), ENOSYS);
    }
    if (!FILTER_BEARS_LEAK_SEARCH) assert_int_equal(end_of(enter_server, change_what_it_is), ENOSYS);
}

static void test_memory_does_not_become_code(void **state) {
    (void)state;
    assert_int_equal(end_of(enter_reader, make_code), EACCES);
    assert_int_equal(end_of(enter_reader, turn_into_code), EACCES);
    assert_int_equal(end_of(enter_server, make_code), EACCES);
    assert_int_equal(end_of(enter_server, turn_into_code), EACCES);
}

/* Where the kernel has no Landlock, the sandbox has said so. */
static void test_only_what_was_named_is_read(void **state) {
    (void)state;
    const int expected = end_of(enter_reader, read_outside);
    if (has_said("Landlock")) skip();
    assert_int_equal(expected, EACCES);
    assert_int_equal(end_of(enter_reader, read_by_a_link), EACCES);
    assert_int_equal(end_of(enter_reader, read_upwards), EACCES);
}

/* ---- threads ---- */

static pthread_barrier_t barrier;

static void *wait_and_call(void *context) {
    pthread_barrier_wait(&barrier);
    syscall(SYS_execve, NULL, NULL, NULL);
    return context;
}

static pthread_t earlier;

static outcome enter_with_a_thread(void) {
    if (pthread_barrier_init(&barrier, NULL, 2) || pthread_create(&earlier, NULL, wait_and_call, NULL))
        return OUTCOME_MACHINE;
    return enter_server();
}

static int wait_for_it(void) {
    pthread_barrier_wait(&barrier);
    pthread_join(earlier, NULL);
    return 0;
}

static void *do_nothing(void *context) {
    return context;
}

static int start_threads(void) {
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        if (pthread_create(&threads[i], NULL, do_nothing, NULL)) return 1;
    for (int i = 0; i < 8; i++)
        if (pthread_join(threads[i], NULL)) return 2;
    return 0;
}

static void test_threads_are_locked_in_too(void **state) {
    (void)state;
    assert_int_equal(end_of(enter_with_a_thread, wait_for_it), 256 + SIGSYS);
    assert_int_equal(end_of(enter_reader, start_threads), 0);
    assert_int_equal(end_of(enter_server, start_threads), 0);
}

static int end_by_abort(void) {
    signal(SIGABRT, SIG_DFL); /* cmocka's and the sanitizers' handlers have more to do */
    abort();
}

static void test_a_failed_assertion_is_still_one(void **state) {
    (void)state;
    assert_int_equal(end_of(enter_server, end_by_abort), 256 + SIGABRT);
}

/* ---- kernels that lack something ---- */

/* From here on this system call fails with ENOSYS, and so does prctl(PR_SET_SECCOMP). */
static void lose(long number) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof steps / sizeof *steps, .filter = steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        _exit(99);
}

static outcome demand_what_is_missing(void) {
    lose(SYS_seccomp);
    return sandbox_enter_server(true) == OUTCOME_MACHINE ? OUTCOME_OK : OUTCOME_USAGE;
}

static outcome wish_what_is_missing(void) {
    lose(SYS_seccomp);
    return sandbox_enter_server(false);
}

static outcome read_where_it_is_missing(void) {
    lose(SYS_seccomp);
    return enter_reader() == OUTCOME_MACHINE ? OUTCOME_OK : OUTCOME_USAGE;
}

static outcome read_without_landlock(void) {
    lose(444 /* landlock_create_ruleset, the same everywhere */);
    return enter_reader();
}

static int do_not_try(void) {
    return 0;
}

static void test_what_the_kernel_lacks_is_said(void **state) {
    (void)state;
    assert_int_equal(end_of(demand_what_is_missing, do_not_try), 0);
    assert_true(has_said("--sandbox: the kernel takes no filter"));
    assert_int_equal(end_of(wish_what_is_missing, read_outside), 0);
    assert_true(has_said("without a sandbox: the kernel takes no filter"));
    assert_int_equal(end_of(read_where_it_is_missing, do_not_try), 0);
    assert_true(has_said("--sandbox: the kernel takes no filter"));
    assert_int_equal(end_of(read_without_landlock, read_outside), 0);
    assert_true(has_said("--sandbox: the kernel has no Landlock"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_an_intruder_begins_with_ends_the_process),
        cmocka_unit_test(test_neither_does_the_c_library_start_any),
        cmocka_unit_test(test_the_end_cannot_be_put_off),
        cmocka_unit_test(test_files_are_read_and_not_written),
        cmocka_unit_test(test_a_server_opens_no_file),
        cmocka_unit_test(test_others_are_left_alone),
        cmocka_unit_test(test_memory_does_not_become_code),
        cmocka_unit_test(test_only_what_was_named_is_read),
        cmocka_unit_test(test_threads_are_locked_in_too),
        cmocka_unit_test(test_a_failed_assertion_is_still_one),
        cmocka_unit_test(test_what_the_kernel_lacks_is_said),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
