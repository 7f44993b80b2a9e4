//go:build unix

package main

import "syscall"

// dumpNoCore keeps a crash from leaving tokens and Secrets on the disk.
func dumpNoCore() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
