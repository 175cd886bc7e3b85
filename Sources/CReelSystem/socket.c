#define _GNU_SOURCE
#include "creel_system.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

typedef union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} address_of;

static int failed(int fd) {
    int code = errno;
    if (fd >= 0) close(fd);
    return -code;
}

static int unix_address(const char *path, address_of *address) {
    memset(address, 0, sizeof *address);
    if (strlen(path) >= sizeof address->local.sun_path) return -ENAMETOOLONG;
    address->local.sun_family = AF_UNIX;
    strcpy(address->local.sun_path, path);
    return (int)sizeof address->local;
}

static int tcp_address(const char *text, uint16_t port, address_of *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->four.sin_addr) == 1) {
        address->four.sin_family = AF_INET;
        address->four.sin_port = htons(port);
        return (int)sizeof address->four;
    }
    if (inet_pton(AF_INET6, text, &address->six.sin6_addr) == 1) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_port = htons(port);
        return (int)sizeof address->six;
    }
    return -EINVAL;
}

// A socket file stays behind when its process is killed. Only one that refuses connections is such a rest.
static bool is_stale(const char *path, const address_of *address, int length) {
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return false;
    bool refused = connect(probe, &address->any, (socklen_t)length) != 0 && errno == ECONNREFUSED;
    close(probe);
    return refused;
}

int creel_listen_unix(const char *path, unsigned mode, int backlog) {
    address_of address;
    int length = unix_address(path, &address);
    if (length < 0) return length;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed(fd);
    if (bind(fd, &address.any, (socklen_t)length) != 0) {
        if (errno != EADDRINUSE) return failed(fd);
        if (!is_stale(path, &address, length)) {
            errno = EADDRINUSE;
            return failed(fd);
        }
        if (unlink(path) != 0 || bind(fd, &address.any, (socklen_t)length) != 0) return failed(fd);
    }
    // Before listen(2) every connect is refused, so nobody comes in under the mode the umask left.
    if (chmod(path, mode) != 0 || listen(fd, backlog) != 0) {
        int code = errno;
        unlink(path);
        errno = code;
        return failed(fd);
    }
    return fd;
}

int creel_listen_tcp(const char *text, uint16_t port, int backlog) {
    address_of address;
    int length = tcp_address(text, port, &address);
    if (length < 0) return length;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed(fd);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (address.any.sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, &address.any, (socklen_t)length) != 0 || listen(fd, backlog) != 0) return failed(fd);
    return fd;
}

int creel_adopt_listener(int fd) {
    int listens = 0;
    socklen_t length = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0) return -errno;
    if (!listens) return -EINVAL;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return -errno;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int creel_bound_port(int fd) {
    address_of address;
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) != 0) return -errno;
    if (address.any.sa_family == AF_INET) return ntohs(address.four.sin_port);
    if (address.any.sa_family == AF_INET6) return ntohs(address.six.sin6_port);
    return 0;
}

int creel_bound_name(int fd, char *text, size_t size) {
    address_of address;
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "";
    memset(&address, 0, sizeof address);
    if (getsockname(fd, &address.any, &length) != 0) return -errno;
    switch (address.any.sa_family) {
    case AF_UNIX:
        // An abstract name begins with a zero byte and is told as @name, as ss(8) has it.
        if (length > offsetof(struct sockaddr_un, sun_path) && address.local.sun_path[0] == 0)
            address.local.sun_path[0] = '@';
        snprintf(text, size, "%.*s", (int)sizeof address.local.sun_path, address.local.sun_path);
        return 0;
    case AF_INET:
        inet_ntop(AF_INET, &address.four.sin_addr, host, sizeof host);
        snprintf(text, size, "%s:%u", host, ntohs(address.four.sin_port));
        return 0;
    case AF_INET6:
        inet_ntop(AF_INET6, &address.six.sin6_addr, host, sizeof host);
        snprintf(text, size, "[%s]:%u", host, ntohs(address.six.sin6_port));
        return 0;
    default: return -EAFNOSUPPORT;
    }
}

int creel_accept(int fd, creel_peer *peer) {
    address_of address;
    socklen_t length = sizeof address;
    int client = accept4(fd, &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return -errno;
    memset(peer, 0, sizeof *peer);
    peer->family = address.any.sa_family;
    if (peer->family == AF_UNIX) {
        struct ucred credentials;
        socklen_t size = sizeof credentials;
        if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return failed(client);
        peer->uid = credentials.uid;
        peer->gid = credentials.gid;
        peer->pid = credentials.pid;
    } else if (peer->family == AF_INET) {
        inet_ntop(AF_INET, &address.four.sin_addr, peer->address, sizeof peer->address);
        peer->port = ntohs(address.four.sin_port);
    } else if (peer->family == AF_INET6) {
        inet_ntop(AF_INET6, &address.six.sin6_addr, peer->address, sizeof peer->address);
        peer->port = ntohs(address.six.sin6_port);
    }
    return client;
}

int creel_peer_groups(int fd, uint32_t *groups, int count) {
    socklen_t size = (socklen_t)count * sizeof *groups;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0 && errno != ERANGE) return -errno;
    return (int)(size / sizeof *groups);
}

static int connect_to(const address_of *address, int length, unsigned seconds) {
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return failed(fd);
    if (seconds > 0) {
        struct timeval limit = {.tv_sec = seconds};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    if (address->any.sa_family != AF_UNIX) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (connect(fd, &address->any, (socklen_t)length) != 0) return failed(fd);
    return fd;
}

int creel_connect_unix(const char *path, unsigned seconds) {
    address_of address;
    int length = unix_address(path, &address);
    return length < 0 ? length : connect_to(&address, length, seconds);
}

int creel_connect_tcp(const char *text, uint16_t port, unsigned seconds) {
    address_of address;
    int length = tcp_address(text, port, &address);
    return length < 0 ? length : connect_to(&address, length, seconds);
}

ssize_t creel_receive(int fd, void *bytes, size_t count) {
    ssize_t moved;
    do moved = recv(fd, bytes, count, 0);
    while (moved < 0 && errno == EINTR);
    return moved < 0 ? -errno : moved;
}

bool creel_has_input(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

ssize_t creel_send(int fd, const void *a, size_t a_count, const void *b, size_t b_count, const void *c,
                   size_t c_count, size_t skip, bool has_more) {
    const struct iovec pieces[3] = {{(void *)a, a_count}, {(void *)b, b_count}, {(void *)c, c_count}};
    struct iovec left[3];
    size_t count = 0;
    for (int i = 0; i < 3; i++) {
        if (skip >= pieces[i].iov_len) {
            skip -= pieces[i].iov_len;
            continue;
        }
        left[count].iov_base = (char *)pieces[i].iov_base + skip;
        left[count].iov_len = pieces[i].iov_len - skip;
        count++;
        skip = 0;
    }
    if (count == 0) return 0;
    struct msghdr message = {.msg_iov = left, .msg_iovlen = count};
    ssize_t moved;
    do moved = sendmsg(fd, &message, MSG_NOSIGNAL | (has_more ? MSG_MORE : 0));
    while (moved < 0 && errno == EINTR);
    return moved < 0 ? -errno : moved;
}

void creel_reset_on_close(int fd) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}
