// What a lock guards, for the reader and for clang's -Wthread-safety; free under g++.
#pragma once

#if defined(__clang__)
#define GUARDED_BY(mutex) __attribute__((guarded_by(mutex)))
#define REQUIRES(mutex) __attribute__((requires_capability(mutex)))
#else
#define GUARDED_BY(mutex)
#define REQUIRES(mutex)
#endif
