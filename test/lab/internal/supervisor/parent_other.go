//go:build !linux

package supervisor

import "syscall"

// dieWithParent leaves it to `down` to end the children: only Linux can do more.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
