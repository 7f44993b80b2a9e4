package node

import (
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// condition is the state of a pod.
type condition struct {
	running, isReady, unscheduled bool
	// exit is how the pod's program ended; nil if it has not.
	exit *corev1.ContainerStateTerminated
	// reason and message are those of the waiting container, or of the pod that is not ready.
	reason, message string
	restarts        int32
	// eventReason and event are the event to send; empty for none.
	eventReason, event string
}

func waiting(reason, message, eventReason, event string) condition {
	return condition{reason: reason, message: message, eventReason: eventReason, event: event}
}

func crashed(err error) condition {
	return condition{reason: "CrashLoopBackOff", message: "back-off restarting failed container: " + err.Error(), restarts: 3, eventReason: "BackOff", event: "Back-off restarting failed container: " + err.Error()}
}

func unschedulable() condition {
	message := "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
	return condition{unscheduled: true, reason: corev1.PodReasonUnschedulable, message: message, eventReason: "FailedScheduling", event: message}
}

// imageMissing reports whether no registry has the image. Such images have "missing" in their
// name.
func imageMissing(image string) bool { return strings.Contains(image, "missing") }

// status is the status that a kubelet would report for the pod.
func (c condition) status(pod *corev1.Pod) corev1.PodStatus {
	status := corev1.PodStatus{
		Phase:    corev1.PodPending,
		HostIP:   "127.0.0.1",
		QOSClass: pod.Status.QOSClass,
	}
	if c.running {
		status.Phase, status.PodIP = corev1.PodRunning, "127.0.0.1"
		status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	}
	switch {
	case c.exit == nil:
	case c.exit.ExitCode == 0:
		status.Phase, c.reason = corev1.PodSucceeded, "PodCompleted"
	default:
		status.Phase, c.reason = corev1.PodFailed, "PodFailed"
	}
	if c.unscheduled {
		status.HostIP = ""
		status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: c.reason, Message: c.message}}
		status.Conditions[0].LastTransitionTime = transition(pod.Status.Conditions, status.Conditions[0])
		return status
	}
	status.StartTime = pod.Status.StartTime
	if status.StartTime == nil {
		now := metav1.Now()
		status.StartTime = &now
	}
	for _, container := range pod.Spec.Containers {
		one := corev1.ContainerStatus{Name: container.Name, Image: container.Image, Ready: c.isReady, RestartCount: c.restarts}
		switch {
		case c.exit != nil:
			one.State.Terminated = c.exit.DeepCopy()
			one.ContainerID, one.State.Terminated.ContainerID = "lab://"+string(pod.UID), "lab://"+string(pod.UID)
		case c.running:
			one.State.Running = &corev1.ContainerStateRunning{StartedAt: *status.StartTime}
			one.ContainerID = "lab://" + string(pod.UID)
		default:
			one.State.Waiting = &corev1.ContainerStateWaiting{Reason: c.reason, Message: c.message}
		}
		status.ContainerStatuses = append(status.ContainerStatuses, one)
	}
	ready := corev1.ConditionFalse
	if c.isReady {
		ready = corev1.ConditionTrue
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		one := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue}
		if kind == corev1.ContainersReady || kind == corev1.PodReady {
			one.Status = ready
			if !c.isReady {
				one.Reason, one.Message = c.reason, c.message
			}
		}
		one.LastTransitionTime = transition(pod.Status.Conditions, one)
		status.Conditions = append(status.Conditions, one)
	}
	return status
}

// transition is the time at which the condition got its present status.
func transition(before []corev1.PodCondition, now corev1.PodCondition) metav1.Time {
	for _, condition := range before {
		if condition.Type == now.Type && condition.Status == now.Status {
			return condition.LastTransitionTime
		}
	}
	return metav1.Now()
}

// same reports whether there is nothing to report.
func same(a, b corev1.PodStatus) bool {
	plain := func(s corev1.PodStatus) corev1.PodStatus {
		s = *s.DeepCopy()
		s.HostIPs, s.ObservedGeneration = nil, 0
		for i := range s.Conditions {
			s.Conditions[i].LastProbeTime, s.Conditions[i].ObservedGeneration = metav1.Time{}, 0
			s.Conditions[i].LastTransitionTime = metav1.Time{}
		}
		for i := range s.ContainerStatuses {
			s.ContainerStatuses[i].Resources, s.ContainerStatuses[i].AllocatedResources = nil, nil
			if s.ContainerStatuses[i].State.Running != nil {
				s.ContainerStatuses[i].State.Running.StartedAt = metav1.Time{}
			}
			if ended := s.ContainerStatuses[i].State.Terminated; ended != nil {
				ended.StartedAt, ended.FinishedAt = metav1.Time{}, metav1.Time{}
			}
		}
		s.StartTime = nil
		return s
	}
	return reflect.DeepEqual(plain(a), plain(b))
}
