//go:build !linux

package supervisor

import "syscall"

// dieWithParent does nothing, since only Linux supports it. `down` ends the children.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
