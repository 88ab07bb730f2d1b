/* SPDX-License-Identifier: MIT */
/* System calls, caught by a seccomp filter: each that can fail raises SIGSYS in the thread that makes it,
 * whose handler asks the plan and then makes the call itself, or not. The filter lets through what is
 * called at one place, which is the handler's. A thread that blocks SIGSYS is killed at its next call, and
 * so is a program that is started: what is tested here does neither (`timeout 9 env LD_PRELOAD=...`, not
 * the other way round). */
#include "test/faults/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

/* ---- the place from which calls pass ---- */

extern const char fault_passage_end[] __attribute__((visibility("hidden")));
long fault_passage(long number, long a, long b, long c, long d, long e, long f)
    __attribute__((visibility("hidden")));

#if defined __x86_64__
__asm__(
    ".text\n"
    ".hidden fault_passage\n"
    ".hidden fault_passage_end\n"
    ".globl fault_passage, fault_passage_end\n"
    "fault_passage:\n"
    "    movq %rdi, %rax\n"
    "    movq %rsi, %rdi\n"
    "    movq %rdx, %rsi\n"
    "    movq %rcx, %rdx\n"
    "    movq %r8, %r10\n"
    "    movq %r9, %r8\n"
    "    movq 8(%rsp), %r9\n"
    "    syscall\n"
    "fault_passage_end:\n"
    "    ret\n");
#define ARGUMENTS(context)                                                                                   \
    {                                                                                                        \
        (context)->uc_mcontext.gregs[REG_RDI], (context)->uc_mcontext.gregs[REG_RSI],                        \
            (context)->uc_mcontext.gregs[REG_RDX], (context)->uc_mcontext.gregs[REG_R10],                    \
            (context)->uc_mcontext.gregs[REG_R8], (context)->uc_mcontext.gregs[REG_R9]                       \
    }
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined __aarch64__
__asm__(
    ".text\n"
    ".hidden fault_passage\n"
    ".hidden fault_passage_end\n"
    ".globl fault_passage, fault_passage_end\n"
    "fault_passage:\n"
    "    mov x8, x0\n"
    "    mov x0, x1\n"
    "    mov x1, x2\n"
    "    mov x2, x3\n"
    "    mov x3, x4\n"
    "    mov x4, x5\n"
    "    mov x5, x6\n"
    "    svc #0\n"
    "fault_passage_end:\n"
    "    ret\n");
#define ARGUMENTS(context)                                                                                   \
    {                                                                                                        \
        (long)(context)->uc_mcontext.regs[0], (long)(context)->uc_mcontext.regs[1],                          \
            (long)(context)->uc_mcontext.regs[2], (long)(context)->uc_mcontext.regs[3],                      \
            (long)(context)->uc_mcontext.regs[4], (long)(context)->uc_mcontext.regs[5]                       \
    }
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#else
#error "How a system call is made on this processor is not known here."
#endif

long system_call(long number, const long a[6]) {
    return fault_passage(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- the calls ---- */

/* Where a call says what it is about: an argument that is a path, or one that is a descriptor. */
enum { NOWHERE = -1 };

typedef struct caught_call {
    long number;
    fault_call call;
    signed char path, other, descriptor; /* which argument, from 0 on */
} caught_call;

#define ON_PATH(name, call, path)                                                                            \
    { SYS_##name, FAULT_##call, path, NOWHERE, NOWHERE }
#define ON_PATHS(name, call, path, other)                                                                    \
    { SYS_##name, FAULT_##call, path, other, NOWHERE }
#define ON_DESCRIPTOR(name, call)                                                                            \
    { SYS_##name, FAULT_##call, NOWHERE, NOWHERE, 0 }
#define ON_NOTHING(name, call)                                                                               \
    { SYS_##name, FAULT_##call, NOWHERE, NOWHERE, NOWHERE }

static const caught_call calls[] = {
#ifdef SYS_open /* newer architectures have only those relative to a folder */
    ON_PATH(open, OPEN, 0),
    ON_PATH(stat, STAT, 0),
    ON_PATH(lstat, STAT, 0),
    ON_PATHS(rename, RENAME, 0, 1),
    ON_PATHS(renameat, RENAME, 1, 3),
    ON_PATHS(link, LINK, 0, 1),
    ON_PATH(unlink, UNLINK, 0),
    ON_PATH(rmdir, UNLINK, 0),
    ON_PATH(mkdir, MKDIR, 0),
    ON_PATH(readlink, READLINK, 0),
    ON_NOTHING(pipe, PIPE),
    ON_NOTHING(poll, POLL),
    ON_NOTHING(select, POLL),
    ON_NOTHING(epoll_wait, POLL),
#endif
    ON_PATH(openat, OPEN, 1), /* of a folder: opendir */
    ON_PATH(newfstatat, STAT, 1),
    ON_DESCRIPTOR(fstat, STAT),
    ON_PATHS(renameat2, RENAME, 1, 3),
    ON_PATHS(linkat, LINK, 1, 3),
    ON_PATH(unlinkat, UNLINK, 1),
    ON_PATH(mkdirat, MKDIR, 1),
    ON_PATH(readlinkat, READLINK, 1),
    ON_DESCRIPTOR(getdents64, READDIR),
    ON_DESCRIPTOR(read, READ),
    ON_DESCRIPTOR(readv, READ),
    ON_DESCRIPTOR(pread64, READ),
    ON_DESCRIPTOR(write, WRITE),
    ON_DESCRIPTOR(writev, WRITE),
    ON_DESCRIPTOR(pwrite64, WRITE),
    ON_DESCRIPTOR(fsync, FSYNC),
    ON_DESCRIPTOR(fdatasync, FSYNC),
    ON_DESCRIPTOR(ftruncate, TRUNCATE),
    ON_DESCRIPTOR(close, CLOSE),
    ON_DESCRIPTOR(flock, LOCK),
    ON_DESCRIPTOR(fcntl, FCNTL),
    {SYS_mmap, FAULT_MMAP, NOWHERE, NOWHERE, 4},
    ON_NOTHING(getrandom, GETRANDOM),
    ON_NOTHING(pipe2, PIPE),
    ON_NOTHING(eventfd2, PIPE),
    ON_NOTHING(epoll_create1, PIPE),
    ON_NOTHING(socket, SOCKET),
    ON_NOTHING(socketpair, SOCKET),
    ON_NOTHING(bind, BIND),
    ON_NOTHING(listen, LISTEN),
    ON_NOTHING(accept, ACCEPT),
    ON_NOTHING(accept4, ACCEPT),
    ON_NOTHING(connect, CONNECT),
    ON_NOTHING(recvfrom, RECV),
    ON_NOTHING(recvmsg, RECV),
    ON_NOTHING(sendto, SEND),
    ON_NOTHING(sendmsg, SEND),
    ON_NOTHING(sendfile, SEND),
    ON_NOTHING(ppoll, POLL),
    ON_NOTHING(pselect6, POLL),
    ON_NOTHING(epoll_pwait, POLL),
};

enum { CALLS = sizeof calls / sizeof *calls };

static const caught_call *find(long number) {
    size_t i = 0;
    while (i < CALLS && calls[i].number != number) i++;
    return i < CALLS ? &calls[i] : NULL;
}

const char *path_of(long descriptor, char room[1024]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%ld", descriptor);
    const long length = system_call(SYS_readlinkat, (const long[6]){AT_FDCWD, (long)link, (long)room, 1023});
    if (length < 0) return NULL;
    room[length] = '\0';
    return room;
}

static fault_effect ask(const caught_call *caught, const long a[6]) {
    char room[1024];
    const char *path = caught->path >= 0 ? (const char *)a[(int)caught->path] : NULL;
    const char *const other = caught->other >= 0 ? (const char *)a[(int)caught->other] : NULL;
    if (plan_needs_paths() && caught->descriptor >= 0) path = path_of(a[(int)caught->descriptor], room);
    if (plan_needs_paths() && path && !*path) path = path_of(a[0], room); /* fstatat() of a descriptor */
    const bool is_folder = caught->number == SYS_openat && (a[2] & O_DIRECTORY);
    return plan_ask(is_folder ? FAULT_OPENDIR : caught->call, path, other);
}

/* ---- half of what is asked ---- */

static long half(long size) {
    return size > 1 ? size / 2 : size;
}

/* The first piece alone, and of that half. */
static struct iovec first_piece(const struct iovec *pieces, size_t count) {
    size_t i = 0;
    while (i + 1 < count && !pieces[i].iov_len) i++;
    const struct iovec first = count ? pieces[i] : (struct iovec){0};
    return (struct iovec){.iov_base = first.iov_base, .iov_len = (size_t)half((long)first.iov_len)};
}

static long call_short(long number, const long a[6]) {
    long halved[6] = {a[0], a[1], a[2], a[3], a[4], a[5]};
    struct iovec piece;
    struct msghdr message;
    switch (number) {
    case SYS_readv:
    case SYS_writev:
        piece = first_piece((const struct iovec *)a[1], (size_t)a[2]);
        halved[1] = (long)&piece;
        halved[2] = 1;
        break;
    case SYS_sendmsg:
    case SYS_recvmsg:
        message = *(const struct msghdr *)a[1];
        piece = first_piece(message.msg_iov, message.msg_iovlen);
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        halved[1] = (long)&message;
        break;
    case SYS_sendfile:
        halved[3] = half(a[3]);
        break;
    case SYS_read:
    case SYS_pread64:
    case SYS_write:
    case SYS_pwrite64:
    case SYS_recvfrom:
    case SYS_sendto:
        halved[2] = half(a[2]);
        break;
    default:
        break;
    }
    return system_call(number, halved);
}

/* ---- the handler ---- */

static long answer(long number, const long a[6]) {
    const caught_call *const caught = find(number);
    if (!caught) {
        report_write(); /* exit_group() alone is caught beside those of the list */
        return system_call(number, a);
    }
    const fault_effect effect = ask(caught, a);
    if (effect == FAULT_SHORT) return call_short(number, a);
    if (!plan_apply(effect)) return system_call(number, a);
    if (caught->call == FAULT_CLOSE) system_call(number, a); /* closed whatever it says */
    return -plan_errno();
}

static void on_call(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    ucontext_t *const at = context;
    const long a[6] = ARGUMENTS(at);
    const int number = errno;
    RESULT(at) = answer(info->si_syscall, a);
    errno = number;
}

/* ---- the filter ---- */

enum { FILTER_SIZE = 8 + 2 * (CALLS + 1) };

static void add(struct sock_filter *filter, size_t *size, struct sock_filter step) {
    filter[(*size)++] = step;
}

#define STEP(code, k)    ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no))
#define LOAD(offset)     STEP(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))

static size_t make_filter(struct sock_filter filter[FILTER_SIZE]) {
    const size_t place =
        offsetof(struct seccomp_data, instruction_pointer); /* little-endian, as both processors */
    const uint64_t passage = (uintptr_t)fault_passage_end;
    size_t size = 0;
    add(filter, &size, LOAD(place));
    add(filter, &size, JUMP((uint32_t)passage, 0, 3));
    add(filter, &size, LOAD(place + 4));
    add(filter, &size, JUMP((uint32_t)(passage >> 32), 0, 1));
    add(filter, &size, STEP(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    add(filter, &size, LOAD(offsetof(struct seccomp_data, nr)));
    for (size_t i = 0; i <= CALLS; i++) {
        add(filter, &size, JUMP((uint32_t)(i < CALLS ? calls[i].number : SYS_exit_group), 0, 1));
        add(filter, &size, STEP(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    }
    add(filter, &size, STEP(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return size;
}

void system_calls_begin(void) {
    struct sock_filter filter[FILTER_SIZE];
    struct sock_fprog program = {.len = (unsigned short)make_filter(filter), .filter = filter};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    action.sa_sigaction = on_call;
    if (sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0)
        return;
    perror("faults: system calls cannot be caught");
    _exit(99);
}
