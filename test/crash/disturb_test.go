package crash

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// spread distributes the points over the regions, which run in parallel.
func spread(regions []*region, points []meddle.Disturbance, work func(*region, meddle.Disturbance)) {
	queue := make(chan meddle.Disturbance)
	var workers sync.WaitGroup
	for _, r := range regions {
		workers.Go(func() {
			for d := range queue {
				work(r, d)
			}
		})
	}
	for i, d := range points {
		if i > 0 && i%100 == 0 {
			fmt.Printf("%d of %d\n", i, len(points))
		}
		queue <- d
	}
	close(queue)
	workers.Wait()
}

// disturbOnce disturbs one run of the verb, checks what is left, runs the verb again without a
// disturbance, and checks the result. It returns how the disturbed run ended, and every problem.
func disturbOnce(lab *inlab.Lab, r *region, s scenario, d meddle.Disturbance) (first outcome, problems []string) {
	if err := s.prepare(lab, r); err != nil {
		return first, []string{fmt.Sprintf("%s: prepare: %v", r.Name, err)}
	}
	first = r.run(lab, d, s.verb)
	_, what := r.Meddler.Calls()
	first.disturbed = what != ""
	point := fmt.Sprintf("%s of %s, call %d (%s), %s", s.name, r.Name, d.Call, what, d)
	problem := func(format string, args ...any) {
		problems = append(problems, point+": "+fmt.Sprintf(format, args...))
	}
	if err := s.rule(lab, r); err != nil {
		problem("%v", err)
	}
	if d.Kill == nil && first.code != 0 {
		if unclear := unclear(first.output); unclear != "" {
			problem("the failure is not clear: %s\n%s", unclear, lastLines(first.output))
		}
	}
	again := r.run(lab, meddle.Disturbance{}, s.verb)
	if again.code != 0 {
		problem("one plain run did not complete it: exit code %d\n%s\n--- the disturbed run\n%s\n--- the proxies\n%s", again.code, lastLines(again.output), lastLines(first.output), r.Meddler.Complaints())
	} else {
		if err := s.complete(lab, r); err != nil {
			problem("after one plain run: %v\n%s\n--- the disturbed run\n%s", err, lastLines(again.output), lastLines(first.output))
		}
		picture, err := inlab.Picture(context.Background(), r.view.Direct)
		if err != nil {
			problem("%v", err)
		}
		if diff := cmp.Diff(r.undisturbed, picture); diff != "" {
			problem("objects differ from those of an undisturbed run (-want +got):\n%s", diff)
		}
	}
	if err := s.reset(lab, r); err != nil {
		problem("reset: %v", err)
	}
	return first, problems
}

// reference runs the verb undisturbed in every region, records the resulting objects, and returns
// the least and the most calls of these runs.
func reference(t *testing.T, lab *inlab.Lab, regions []*region, s scenario) (least, most int) {
	t.Helper()
	var group errgroup.Group
	for _, r := range regions {
		group.Go(func() (err error) {
			if err := s.prepare(lab, r); err != nil {
				return err
			}
			if done := r.run(lab, meddle.Disturbance{}, s.verb); done.code != 0 {
				return fmt.Errorf("an undisturbed %s of %s failed: exit code %d\n%s", s.verb, r.Name, done.code, done.output)
			}
			r.total, _ = r.Meddler.Calls()
			if err := s.complete(lab, r); err != nil {
				return fmt.Errorf("an undisturbed %s of %s: %w", s.verb, r.Name, err)
			}
			if r.undisturbed, err = inlab.Picture(context.Background(), r.view.Direct); err != nil {
				return err
			}
			return s.reset(lab, r)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	least = regions[0].total
	for _, r := range regions {
		least, most = min(least, r.total), max(most, r.total)
	}
	return least, most
}

// whole reports whether every call is tried.
func whole() bool { return os.Getenv("CODER_SATELLITE_CRASH") == "all" }

// stride is the distance between the calls that are tried.
func stride(total, sample int) int {
	if whole() {
		return 1
	}
	return max(1, total/sample)
}

func setUp(t *testing.T, version string) (*inlab.Lab, []*region) {
	t.Helper()
	regions := "sydney,london,ohio"
	if whole() { // more regions at once, since runs mostly wait
		regions += ",tokyo,paris,cairo"
	}
	lab, err := inlab.Up("--build-time", "100ms", "--primary-version", version, "--regions", regions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(); err != nil {
			t.Error(err)
		}
	})
	var made []*region
	for _, one := range lab.Regions {
		r, err := newRegion(lab, one.Name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		made = append(made, r)
	}
	return lab, made
}
