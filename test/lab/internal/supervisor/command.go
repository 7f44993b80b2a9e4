package supervisor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

const usage = `coder-satellite-lab runs a primary and regions on real Kubernetes API servers.

  up [--dir .lab] [--regions sydney,london,ohio] [--primary-version 1.21.7] [--build-time 1s]
                        bring a lab up; returns when everything is ready
  down [--dir .lab]     take it down; leaves nothing behind
  status [--dir .lab]   say how it is
  kubectl ...           the lab's own kubectl

Then: source .lab/env
`

// Usage prints how the lab is used, and returns the exit code for not knowing.
func Usage(w io.Writer) int {
	_, _ = io.WriteString(w, usage)
	return 64
}

// upTimeout bounds bringing a lab up.
const upTimeout = 3 * time.Minute

// Command runs one of the lab's own commands.
func Command(name string, args []string, out io.Writer) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	dir := flags.String("dir", ".lab", "the lab's folder")
	switch name {
	case "up":
		regions := flags.String("regions", "sydney,london,ohio", "names of the regions")
		version := flags.String("primary-version", "1.21.7", "version of the primary")
		build := flags.Duration("build-time", time.Second, "time that a workspace build takes")
		if err := flags.Parse(args); err != nil {
			return err
		}
		return up(*dir, strings.Split(*regions, ","), *version, *build, out)
	case "down":
		if err := flags.Parse(args); err != nil {
			return err
		}
		return down(*dir, out)
	case "status":
		if err := flags.Parse(args); err != nil {
			return err
		}
		return status(*dir, out)
	case "serve":
		if err := flags.Parse(args); err != nil {
			return err
		}
		return serveLab(*dir)
	default:
		return fmt.Errorf("there is no command %q\n\n%s", name, usage)
	}
}

// up lays a lab out, starts its supervisor and waits until it is ready.
func up(dir string, regions []string, version string, build time.Duration, out io.Writer) error {
	if lab, err := layout.Load(dir); err == nil && alive(lab) {
		return fmt.Errorf("the lab in %s is up already", dir)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("the folder %s is not empty: take the old lab down with `coder-satellite-lab down --dir %s`", dir, dir)
	}
	started := time.Now()
	lab, err := layout.New(dir, regions, version, int(build.Milliseconds()))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(lab.Dir, 0o700); err != nil {
		return err
	}
	if err := lab.Save(); err != nil {
		return err
	}
	log, err := os.Create(lab.Path("lab.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	supervisor := exec.Command(lab.Executable, "serve", "--dir", lab.Dir)
	supervisor.Stdout, supervisor.Stderr, supervisor.Dir = log, log, lab.Dir
	supervisor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := supervisor.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- supervisor.Wait() }()
	timeout := time.NewTimer(upTimeout)
	defer timeout.Stop()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return fmt.Errorf("the lab did not come up: %s", tail(lab.Path("lab.log")))
		case <-timeout.C:
			_ = supervisor.Process.Signal(syscall.SIGTERM)
			return fmt.Errorf("the lab did not come up within %s: %s", upTimeout, tail(lab.Path("lab.log")))
		case <-ticker.C:
		}
		if _, err := os.Stat(lab.Path("ready")); err == nil {
			break
		}
	}
	_, err = fmt.Fprintf(out, "the lab is up after %s: %d regions, primary %s of version %s\nnext: source %s\n",
		time.Since(started).Round(100*time.Millisecond), len(regions), lab.PrimaryURL, version, lab.Path("env"))
	return err
}

// serveLab is the supervisor's own process.
func serveLab(dir string) error {
	runtime.LockOSThread() // children die with the thread that started them
	lab, err := layout.Load(dir)
	if err != nil {
		return err
	}
	lab.PID = os.Getpid()
	if err := lab.Save(); err != nil {
		return err
	}
	// Satellites and probes in this process trust the lab's authority through
	// the files they are given; nothing is taken from the environment.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, lab)
}

// down ends a lab and removes its folder. A lab that does not exist is no error.
func down(dir string, out io.Writer) error {
	lab, err := layout.Load(dir)
	if errors.Is(err, os.ErrNotExist) {
		_, err = fmt.Fprintf(out, "there is no lab in %s\n", dir)
		return err
	}
	if err != nil {
		return err
	}
	if alive(lab) {
		if err := syscall.Kill(lab.PID, syscall.SIGTERM); err != nil {
			return err
		}
		for deadline := time.Now().Add(30 * time.Second); alive(lab); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				_ = syscall.Kill(lab.PID, syscall.SIGKILL)
			}
		}
	}
	if err := os.RemoveAll(lab.Dir); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "the lab is down")
	return err
}

// alive tells whether the lab's supervisor runs. A process of the same ID that
// is something else does not count.
func alive(lab *layout.Lab) bool {
	if lab.PID == 0 || syscall.Kill(lab.PID, 0) != nil {
		return false
	}
	commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", lab.PID))
	if err != nil {
		return runtime.GOOS != "linux" // elsewhere the ID is all there is
	}
	return strings.Contains(string(commandLine), "serve") && strings.Contains(string(commandLine), lab.Dir)
}

func status(dir string, out io.Writer) error {
	lab, err := layout.Load(dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no lab in %s", dir)
	}
	if err != nil {
		return err
	}
	state := "down"
	if _, err := os.Stat(lab.Path("ready")); err == nil && alive(lab) {
		state = "up"
	} else if alive(lab) {
		state = "coming up"
	}
	_, err = fmt.Fprintf(out, "%s: %s, primary %s of version %s\n", lab.Dir, state, lab.PrimaryURL, lab.PrimaryVersion)
	for _, region := range lab.Regions {
		_, err = fmt.Fprintf(out, "  %s: API server %s, satellite %s, envproxy %s\n", region.Name, region.Server, region.AccessURL, region.EnvproxyURL)
	}
	return err
}
