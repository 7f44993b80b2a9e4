package supervisor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const usage = `coder-satellite-lab runs a primary and regions on real Kubernetes API servers.

  up [--dir .lab] [--regions sydney,london,ohio] [--primary-version 1.21.7] [--build-time 1s]
                        bring a lab up; returns when everything is ready
  down [--dir .lab]     take it down; leaves nothing behind
  status [--dir .lab]   say how it is; fails unless it is up
  kubectl ...           the lab's own kubectl

Then: source .lab/env
`

// Usage prints how the lab is used, and returns the exit code for not knowing.
func Usage(w io.Writer) int {
	_, _ = io.WriteString(w, usage)
	return 64
}

// Command runs one of the lab's own commands. Interrupted, `up` takes down
// what it has started.
func Command(name string, args []string, out io.Writer) error {
	err := dispatch(name, args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil // flag has printed it
	}
	return err
}

func dispatch(name string, args []string, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
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
		return up(ctx, *dir, strings.Split(*regions, ","), *version, *build, out)
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
		return serveLab(ctx, *dir)
	case "help", "-h", "--help":
		_, err := io.WriteString(out, usage)
		return err
	default:
		return fmt.Errorf("there is no command %q\n\n%s", name, usage)
	}
}
