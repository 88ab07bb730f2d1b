#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that was built without MPI (make MPI=) works, says so where mpirun starts several of it, and needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_mpi.sh         from the repository root
source test/support/support.sh
source test/support/without.sh

need_parts "a program without MPI"
holds "the program is linked without MPI" link_without "ompi-c" ftrain/ranks/mail_absent.c
holds "make MPI= compiles the absent mail in place of the real one" compiles_absent MPI ftrain/ranks/mail "$build/ftrain/parts.a"
check "info says so" 0 '^mpi not available: built without MPI$' '' "$work/ftrain" info
dataset "$work/data" 2 40 160
extract=("$work/ftrain" extract "$work/data" -w random:1 --arch densenet121 --resize 36 --crop 32 -q)
check "it works alone" 0 '' 'random weights' "${extract[@]}" -o "$work/one"
check "also where mpirun starts it alone" 0 '' 'random weights' \
    env OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1 "${extract[@]}" -o "$work/again"
same "and gives the same file" "$work/one" "$work/again"
# As each of these sets them: Open MPI's mpirun, MPICH's, Slurm's srun.
for launcher in OMPI_COMM_WORLD_RANK=0\ OMPI_COMM_WORLD_SIZE=2 PMI_RANK=0\ PMI_SIZE=2 PMIX_RANK=0\ SLURM_STEP_NUM_TASKS=2; do
    check "it is no part of several: $launcher" 2 '' 'built without MPI and runs in one process; with .*libopenmpi-dev' \
        env $launcher "${extract[@]}" -o "$work/two"
done
check "and says so once" 2 '' '' env OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 "${extract[@]}" -o "$work/two"

[ "$failures" -eq 0 ]
