package supervisor

import "syscall"

// dieWithParent makes a child end with the supervisor, even if that is killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
