package supervisor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

const usage = `coder-satellite-lab runs a primary and regions on real Kubernetes API servers.

  up [--dir .lab] [--topology simple] [--regions sydney,london,ohio] [--primary-version 1.21.7] [--build-time 1s]
     [--run IMAGE=BINARY]
                        bring a lab up; returns when everything is ready
  down [--dir .lab]     take it down; leaves nothing behind
  status [--dir .lab]   say how it is; fails unless it is up
  kubectl ...           the lab's own kubectl

Topologies:
%s
Then: source .lab/env
`

// simpleRegions are the regions of the simple topology if none are named.
const simpleRegions = "sydney,london,ohio"

func usageText() string { return fmt.Sprintf(usage, topologies()) }

// topologies lists the topologies, one on each line.
func topologies() string {
	var list strings.Builder
	for _, topology := range layout.Topologies() {
		fmt.Fprintf(&list, "  %-8s %s\n", topology.Name, topology.About)
	}
	return list.String()
}

// shape is the topology of that name with simple regions added. Nil regions are the default ones.
func shape(name string, regions []string) (layout.Topology, error) {
	topology, err := layout.Find(name)
	if err != nil {
		return topology, err
	}
	if regions == nil && name == layout.SimpleTopology {
		regions = strings.Split(simpleRegions, ",")
	}
	return topology.With(regions...)
}

// Usage prints how to use the lab, and returns the exit code for wrong usage.
func Usage(w io.Writer) int {
	_, _ = io.WriteString(w, usageText())
	return 64
}

// Command runs one of the lab's own commands. If it is interrupted, `up` removes what it has
// started.
func Command(name string, args []string, out io.Writer) error {
	err := dispatch(name, args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil // flag has printed the help
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
		return parseUp(ctx, flags, dir, args, out)
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
		_, err := io.WriteString(out, usageText())
		return err
	default:
		return fmt.Errorf("there is no command %q\n\n%s", name, usageText())
	}
}

// parseUp parses the flags of `up`, and runs it.
func parseUp(ctx context.Context, flags *flag.FlagSet, dir *string, args []string, out io.Writer) error {
	name := flags.String("topology", layout.SimpleTopology, "`name` of the lab's shape:\n"+topologies())
	var regions []string
	flags.Func("regions", "`names` of simple regions, beside the topology's own (default "+simpleRegions+" with topology simple, else none)", func(names string) error {
		regions = strings.Split(names, ",")
		return nil
	})
	version := flags.String("primary-version", "1.21.7", "version of the primary")
	run := map[string]string{}
	flags.Func("run", "`IMAGE=BINARY`: run pods of that image as processes of this binary, as the user who runs the lab (repeatable)", func(value string) error {
		image, binary, ok := strings.Cut(value, "=")
		path, err := filepath.Abs(binary)
		if ok && err == nil {
			_, err = os.Stat(path)
		}
		if !ok || err != nil {
			return errors.Join(errors.New("it is not IMAGE=BINARY"), err)
		}
		run[image] = path
		return nil
	})
	build := flags.Duration("build-time", time.Second, "time that a workspace build takes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	topology, err := shape(*name, regions)
	if err != nil {
		return err
	}
	return up(ctx, *dir, topology, *version, *build, run, out)
}
