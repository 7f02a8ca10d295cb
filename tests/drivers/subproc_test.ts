import { driverContract } from "../driver_contract.ts";
import { CW_SUBPROC } from "../../core/kinds.ts";

await driverContract(CW_SUBPROC);
