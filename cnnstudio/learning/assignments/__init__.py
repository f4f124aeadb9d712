"""Assignments: one file for the students, a key for the teacher, and capsules that are handed in and graded."""
