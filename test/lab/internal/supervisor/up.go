package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// upTimeout limits the time for bringing up a lab.
const upTimeout = 3 * time.Minute

// claimDescriptor is the supervisor's file descriptor of the claim on its ports.
const claimDescriptor = 3

// up lays out a lab, starts its supervisor and waits until the lab is ready.
func up(ctx context.Context, dir string, topology layout.Topology, version string, build time.Duration, run map[string]string, out io.Writer) error {
	if lab, err := layout.Load(dir); err == nil && alive(lab) {
		return fmt.Errorf("the lab in %s is up already", dir)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("the folder %s is not empty: take the old lab down with `coder-satellite-lab down --dir %s`", dir, dir)
	}
	started := time.Now()
	lab, claim, err := layout.New(dir, topology, version, int(build.Milliseconds()))
	if err != nil {
		return err
	}
	defer func() { _ = claim.Close() }() // the supervisor has its own
	lab.Run = run
	if err := os.MkdirAll(lab.Dir, 0o700); err != nil {
		return err
	}
	supervisor, err := startSupervisor(lab, claim)
	if err != nil {
		return err
	}
	if err := await(ctx, lab, supervisor); err != nil {
		return fmt.Errorf("the lab did not come up: %w: %s\nremove what is left of it with `coder-satellite-lab down --dir %s`", err, tail(lab.Path("lab.log")), dir)
	}
	_, err = fmt.Fprintf(out, "the lab is up after %s: %d regions, primary %s of version %s\nnext: source %s\n",
		time.Since(started).Round(100*time.Millisecond), len(lab.Regions), lab.PrimaryURL, version, lab.Path("env"))
	return err
}

// startSupervisor starts the lab's supervisor in a new session, so that it outlives `up`.
func startSupervisor(lab *layout.Lab, claim *os.File) (*exec.Cmd, error) {
	if err := lab.Save(); err != nil {
		return nil, err
	}
	log, err := os.Create(lab.Path("lab.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the supervisor has its own
	supervisor := exec.Command(lab.Executable, "serve", "--dir", lab.Dir)
	supervisor.Stdout, supervisor.Stderr, supervisor.Dir = log, log, lab.Dir
	supervisor.ExtraFiles = []*os.File{claim}
	supervisor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := supervisor.Start(); err != nil {
		return nil, err
	}
	lab.PID = supervisor.Process.Pid
	return supervisor, lab.Save() // at once, so that `down` can find it
}

// await returns when the lab is ready. If it fails, the supervisor has ended.
func await(ctx context.Context, lab *layout.Lab, supervisor *exec.Cmd) error {
	ended := make(chan struct{})
	go func() {
		_ = supervisor.Wait()
		close(ended)
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, upTimeout, fmt.Errorf("it was not ready within %s", upTimeout))
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := os.Stat(lab.Path("ready")); err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("its supervisor ended")
		case <-ctx.Done():
			_ = supervisor.Process.Signal(syscall.SIGTERM)
			<-ended
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// serveLab is the main function of the supervisor's process.
func serveLab(ctx context.Context, dir string) error {
	runtime.LockOSThread() // children end with the thread that started them
	syscall.CloseOnExec(claimDescriptor)
	lab, err := layout.Load(dir)
	if err != nil {
		return err
	}
	return Run(ctx, lab)
}
