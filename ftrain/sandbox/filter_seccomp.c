/* SPDX-License-Identifier: MIT */
/* Three lists of system calls. What decoding, the network and the answering of requests need is allowed, as
 * narrowly as a filter can look at arguments. What an intruder would begin with, and what nothing here does,
 * ends the process. All the rest, calls that nobody has thought of yet included, fails as in a kernel that
 * has no such call: libraries know how to go on without. */
#include "ftrain/sandbox/filter.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef CLONE_THREAD /* <sched.h> and <sys/socket.h> have these for _GNU_SOURCE alone */
#define CLONE_THREAD 0x00010000
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

#ifdef __s390x__
enum { CLONE_FLAGS = 1 }; /* which argument of clone() they are */
#else
enum { CLONE_FLAGS = 0 };
#endif

/* ---- the lists ---- */

static const int allowed[] = {
    /* memory; mmap() and mprotect() stand below */
    SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(mbind), SCMP_SYS(membarrier), SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    /* threads and signals; clone(), tgkill() and rt_sigaction() stand below */
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(getcpu), SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address), SCMP_SYS(sigaltstack),
    /* what there is and what time it is */
    SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(getegid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getrandom), SCMP_SYS(getrlimit), SCMP_SYS(getrusage),
    SCMP_SYS(gettimeofday), SCMP_SYS(getuid), SCMP_SYS(nanosleep), SCMP_SYS(sysinfo), SCMP_SYS(time),
    SCMP_SYS(times), SCMP_SYS(uname),
    /* what is open, and names; open() and its like, fcntl() and ioctl() stand below */
    SCMP_SYS(access), SCMP_SYS(close), SCMP_SYS(eventfd2), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(fadvise64), SCMP_SYS(fstat), SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(lseek),
    SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(pipe2), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(pread64), SCMP_SYS(read), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(readv),
    SCMP_SYS(stat), SCMP_SYS(statx), SCMP_SYS(write), SCMP_SYS(writev)};

static const int allowed_to_servers[] = {SCMP_SYS(accept),      SCMP_SYS(accept4),    SCMP_SYS(getpeername),
                                         SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(recvfrom),
                                         SCMP_SYS(recvmsg),     SCMP_SYS(shutdown)};

#define CALL(name)                                                                                           \
    { SCMP_SYS(name), #name }

static const struct {
    int number;
    const char *name;
} deadly[] = {
    /* programs, and processes */
    CALL(execve), CALL(execveat), CALL(fork), CALL(vfork), CALL(kill), CALL(tkill), CALL(rt_sigqueueinfo),
    CALL(rt_tgsigqueueinfo), CALL(pidfd_send_signal), CALL(ptrace), CALL(process_vm_readv),
    CALL(process_vm_writev), CALL(pidfd_getfd), CALL(kcmp), CALL(setsid), CALL(setpgid),
    /* connections */
    CALL(socket), CALL(socketpair), CALL(connect), CALL(bind), CALL(listen),
    /* files */
    CALL(unlink), CALL(unlinkat), CALL(rmdir), CALL(rename), CALL(renameat), CALL(renameat2), CALL(link),
    CALL(linkat), CALL(symlink), CALL(symlinkat), CALL(mkdir), CALL(mkdirat), CALL(mknod), CALL(mknodat),
    CALL(chmod), CALL(fchmod), CALL(fchmodat), CALL(chown), CALL(fchown), CALL(lchown), CALL(fchownat),
    CALL(truncate), CALL(ftruncate), CALL(utimensat), CALL(setxattr), CALL(fsetxattr), CALL(lsetxattr),
    CALL(removexattr), CALL(open_by_handle_at), CALL(memfd_create), CALL(chdir), CALL(fchdir),
    /* the system */
    CALL(mount), CALL(umount2), CALL(pivot_root), CALL(chroot), CALL(unshare), CALL(setns), CALL(bpf),
    CALL(io_uring_setup), CALL(userfaultfd), CALL(perf_event_open), CALL(init_module), CALL(finit_module),
    CALL(delete_module), CALL(kexec_load), CALL(reboot), CALL(swapon), CALL(add_key), CALL(keyctl),
    CALL(request_key), CALL(personality), CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid),
    CALL(setresuid), CALL(setresgid), CALL(setgroups), CALL(capset)};

/* A rule on arguments. Two on one call join by "or", the comparisons of one by "and". */
typedef struct rule {
    uint32_t action;
    int call;
    unsigned count;
    struct scmp_arg_cmp tests[2];
} rule;

#define ARGUMENT(number, comparison, ...)                                                                    \
    { .arg = (number), .op = SCMP_CMP_##comparison, __VA_ARGS__ }
/* The argument has this value; it has another; it has all of these bits; it has none of them. */
#define IS(number, value)     ARGUMENT(number, EQ, .datum_a = (scmp_datum_t)(value))
#define IS_NOT(number, value) ARGUMENT(number, NE, .datum_a = (scmp_datum_t)(value))
#define HAS(number, bits)                                                                                    \
    ARGUMENT(number, MASKED_EQ, .datum_a = (scmp_datum_t)(bits), .datum_b = (scmp_datum_t)(bits))
#define LACKS(number, bits) ARGUMENT(number, MASKED_EQ, .datum_a = (scmp_datum_t)(bits), .datum_b = 0)

#define ALLOW(name, ...)                                                                                     \
    {                                                                                                        \
        SCMP_ACT_ALLOW, SCMP_SYS(name), 1, {                                                                 \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define REFUSE(name, ...)                                                                                    \
    {                                                                                                        \
        SCMP_ACT_ERRNO(EACCES), SCMP_SYS(name), 1, {                                                         \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

static const rule rules_for_all[] = {
    ALLOW(mmap, LACKS(2, PROT_EXEC)),
    REFUSE(mmap, HAS(2, PROT_EXEC)),
    ALLOW(mprotect, LACKS(2, PROT_EXEC)),
    REFUSE(mprotect, HAS(2, PROT_EXEC)),
    /* whoever has clone3() keeps its arguments in memory, where no filter sees them: it fails, and then the C
     * library takes clone() */
    ALLOW(clone, HAS(CLONE_FLAGS, CLONE_THREAD)),
    /* so that the message on a deadly call cannot be taken away */
    ALLOW(rt_sigaction, IS_NOT(0, SIGSYS)),
    /* F_SETOWN and F_SETSIG would have the kernel signal others */
    ALLOW(fcntl, IS(1, F_GETFD)),
    ALLOW(fcntl, IS(1, F_SETFD)),
    ALLOW(fcntl, IS(1, F_GETFL)),
    ALLOW(fcntl, IS(1, F_SETFL)),
    /* TIOCSTI would type on the user's terminal */
    ALLOW(ioctl, IS(1, TCGETS)),
    ALLOW(ioctl, IS(1, TIOCGWINSZ)),
    ALLOW(prctl, IS(0, PR_SET_NAME)),
    ALLOW(prctl, IS(0, PR_GET_NAME)),
    ALLOW(prlimit64, IS(2, 0)),
};

/* O_RDONLY is no bit. */
static const rule rules_for_readers[] = {
    ALLOW(openat, LACKS(2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)),
    ALLOW(open, LACKS(1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)),
    REFUSE(openat, HAS(2, O_WRONLY)),
    REFUSE(openat, HAS(2, O_RDWR)),
    REFUSE(openat, HAS(2, O_CREAT)),
    REFUSE(openat, HAS(2, O_TRUNC)),
    REFUSE(open, HAS(1, O_WRONLY)),
    REFUSE(open, HAS(1, O_RDWR)),
    REFUSE(open, HAS(1, O_CREAT)),
    REFUSE(open, HAS(1, O_TRUNC)),
};

/* A socket that is shut down could be connected anew by what is sent on it with MSG_FASTOPEN. */
static const rule rules_for_servers[] = {
    ALLOW(sendto, LACKS(3, MSG_FASTOPEN)),
    ALLOW(sendmsg, LACKS(2, MSG_FASTOPEN)),
    {SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2, {IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY)}},
    {SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2, {IS(1, IPPROTO_TCP), IS(2, TCP_CORK)}},
#if FILTER_BEARS_LEAK_SEARCH
    ALLOW(openat, LACKS(2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)),
    ALLOW(open, LACKS(1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)),
#else
    {SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0, {{0}}},
    {SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 0, {{0}}},
#endif
};

/* ---- the filter ---- */

#define COUNT(list) (sizeof(list) / sizeof *(list))

static int allow(scmp_filter_ctx filter, const int *calls, size_t count) {
    int code = 0;
    for (size_t i = 0; !code && i < count; i++) code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return code;
}

static int add_rules(scmp_filter_ctx filter, const rule *rules, size_t count) {
    int code = 0;
    for (size_t i = 0; !code && i < count; i++)
        code = seccomp_rule_add_array(filter, rules[i].action, rules[i].call, rules[i].count, rules[i].tests);
    return code;
}

static int add_deadly(scmp_filter_ctx filter) {
    int code = 0;
#if FILTER_BEARS_LEAK_SEARCH
    static const int needed[] = {SCMP_SYS(ptrace), SCMP_SYS(wait4),   SCMP_SYS(prctl),
                                 SCMP_SYS(clone),  SCMP_SYS(getppid), SCMP_SYS(getdents)};
    code = allow(filter, needed, COUNT(needed));
#else
    const rule process = {SCMP_ACT_TRAP, SCMP_SYS(clone), 1, {LACKS(CLONE_FLAGS, CLONE_THREAD)}};
    code = add_rules(filter, &process, 1);
#endif
    for (size_t i = 0; !code && i < COUNT(deadly); i++) {
        if (FILTER_BEARS_LEAK_SEARCH && deadly[i].number == SCMP_SYS(ptrace)) continue;
        code = seccomp_rule_add(filter, SCMP_ACT_TRAP, deadly[i].number, 0);
    }
    return code;
}

static int add_all(scmp_filter_ctx filter, filter_kind kind) {
    const rule own_threads = ALLOW(tgkill, IS(0, getpid())); /* raise(), abort() */
    int code = allow(filter, allowed, COUNT(allowed));
    if (!code) code = add_rules(filter, rules_for_all, COUNT(rules_for_all));
    if (!code) code = add_rules(filter, &own_threads, 1);
    if (!code) code = add_deadly(filter);
    if (code) return code;
    if (kind == FILTER_READER) return add_rules(filter, rules_for_readers, COUNT(rules_for_readers));
    code = allow(filter, allowed_to_servers, COUNT(allowed_to_servers));
    return code ? code : add_rules(filter, rules_for_servers, COUNT(rules_for_servers));
}

/* For all threads, with no way back by programs of other users. Some kernels would slow down all of a
 * filtered process, because it may try to read its own memory by speculation: here nothing in it is kept
 * from it. */
static int set_attributes(scmp_filter_ctx filter) {
    int code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1);
    if (!code) code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (code) return code;
    code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    return code == -EOPNOTSUPP ? 0 : code;
}

/* ---- the end ---- */

static void put(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

/* Uses what a handler may use. Its thread has made the call; SIGSYS is the default's again. */
static void on_deadly_call(int number, siginfo_t *info, void *context) {
    (void)context;
    const char *name = "that is none of its own";
    for (size_t i = 0; i < COUNT(deadly); i++)
        if (deadly[i].number == info->si_syscall) name = deadly[i].name;
    if (info->si_syscall == SCMP_SYS(clone)) name = "clone";
    put("ftrain: the sandbox has stopped a system call, ");
    put(name);
    put("; the program ends. If this comes with sound files, too, please report it (SECURITY.md)\n");
    raise(number);
}

static int watch(void) {
    struct sigaction action = {.sa_sigaction = on_deadly_call,
                               .sa_flags = SA_SIGINFO | (int)SA_RESETHAND | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}

dn_status filter_load(filter_kind kind, dn_error *error) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter) return dni_no_memory(error, "the filter of system calls");
    int code = set_attributes(filter);
    const bool is_known = code != -EOPNOTSUPP;
    if (!code) code = add_all(filter, kind);
    if (!code) code = watch();
    const bool is_made = !code;
    if (!code) code = seccomp_load(filter);
    seccomp_release(filter);
    if (!code) return DN_OK;
    if (code == -ENOMEM) return dni_no_memory(error, "the filter of system calls");
    if (is_made || !is_known)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "the kernel takes no filter of system calls (%s)",
                        strerror(-code));
    return dni_fail(error, DN_ERR_IO, "the filter of system calls: %s", strerror(-code));
}
