package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/report"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

type noticeOptions struct {
	targets
	when    string        // when users move, in words; may be empty
	dir     string        // folder for a file per region; empty to print all
	timeout time.Duration // for the facts of a region, from when its turn comes
}

func newNotice(env Environment, run func(context.Context, noticeOptions) error) *cobra.Command {
	cmd := documented("notice")
	var o noticeOptions
	f, check := cmd.Flags(), o.addTo(env, cmd, needs{regions: true, accessURL: true})
	f.StringVar(&o.when, "when", "", "when the users move, in words")
	f.StringVar(&o.dir, "dir", "", "folder for a file per region, instead of printing them")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "time for the facts of a region")
	return verb(cmd, run, &o, func() error { return errors.Join(check(), positive("--timeout", o.timeout)) })
}

func runNotice(ctx context.Context, o noticeOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	regions, err := c.survey.Collect(ctx, o.timeout, snapshot.ItemProvider, snapshot.ItemWorkspaces, snapshot.ItemJournal,
		snapshot.ItemSatellite, snapshot.ItemRegistrations, snapshot.ItemEndpoint)
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	primary := c.survey.Primary(ctx)
	version, known := primary.Version.Get()
	if !known {
		return primary.Version.Err()
	}
	var errs []error
	written := false
	for _, views := range regions {
		if err := switchKnown(views); err != nil {
			errs = append(errs, fmt.Errorf("region %q: %w", views[0].Region.Name, err))
			continue
		}
		satellite := views[0].Region.Satellite
		notice := report.Notice{
			Region: health.NewRegionStatus(views, health.ExpectMigrated), PrimaryURL: primary.URL, URL: cmp.Or(satellite.UnifiedURL, satellite.AccessURL),
			Answers: views[0].PathAnswers() == nil, RebuiltBySwitch: version.RebuildsOnSwitch(), When: o.when,
		}
		errs = append(errs, o.write(notice, written))
		written = true
	}
	return errors.Join(errs...)
}

// switchKnown returns why a provider's path is unknown; nil if all are known.
func switchKnown(views []*snapshot.Snapshot) error {
	for _, s := range views {
		if _, known := s.Provider.Get(); !known {
			return s.Provider.Err()
		}
		if s.Networking() == v1alpha1.NetworkingV2Unknown {
			return fmt.Errorf("provider %q: the primary does not say whether it uses Networking v2", s.Provider.Value().Name)
		}
	}
	return nil
}

// write prints a notice, after a rule unless it is the first, or writes its file.
func (o *noticeOptions) write(notice report.Notice, further bool) error {
	text, err := notice.Markdown()
	if err != nil {
		return err
	}
	text = printer.Escape(text)
	if o.dir == "" {
		if further {
			text = "\n---\n\n" + text
		}
		_, err := io.WriteString(o.env.Out, text)
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.dir, notice.Region.Name+".md"), []byte(text), 0o644) // a region's name holds no separator
}
