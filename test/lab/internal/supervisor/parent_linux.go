package supervisor

import "syscall"

// dieWithParent makes a child die when the supervisor does, however it dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
